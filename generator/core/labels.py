"""The labels of containers and volumes that this side makes or counts.

As in `homeroom.contract.labels`, which a test holds equal.
"""

DEPLOYMENT_LABEL = "homeroom.deployment"
USER_LABEL = "homeroom.user"
SERVER_LABEL = "homeroom.server"
GPUS_LABEL = "homeroom.gpus"
SERVICE_LABEL = "homeroom.service"
