"""What a deployment runs by the clock: topics say what, systemd or cron runs it, and each run is noted."""
