"""How the user calls this program, for messages that tell the next step."""

import os

# tool.py sets it, for itself and for the service that it starts.
COMMAND = os.environ.get("LOCAL_SAGEMAKER_COMMAND", "python -m local_test")
