"""The labels of containers and volumes: whose they are, and what a lab has reserved. Everything is counted by them."""

DEPLOYMENT_LABEL = "homeroom.deployment"
USER_LABEL = "homeroom.user"
SERVER_LABEL = "homeroom.server"
PROFILE_LABEL = "homeroom.profile"
MEMORY_LABEL = "homeroom.memory"
CPUS_LABEL = "homeroom.cpus"
GPUS_LABEL = "homeroom.gpus"
IDLE_LABEL = "homeroom.idle"
MAX_AGE_LABEL = "homeroom.longest"  # the label's name stays: labs keep running through an upgrade
SERVICE_LABEL = "homeroom.service"
"""What a container is for that is no lab's."""
