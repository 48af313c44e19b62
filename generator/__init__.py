"""The host side of Homeroom: reads `.env` and `site/`, checks them, renders, and drives Compose."""
