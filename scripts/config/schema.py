"""`python -m scripts.config.schema`: write sagemaker.schema.json anew, by which editors check and complete
sagemaker.toml (taplo, and the VS Code extension Even Better TOML).
"""

import json

from scripts.config.settings import FILE, Settings

SCHEMA_FILE = FILE.parent / "sagemaker.schema.json"


def schema_text() -> str:
    """The JSON schema of the models, draft 7, as taplo reads it."""
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", **Settings.model_json_schema()}
    return json.dumps({**schema, "title": "sagemaker.toml"}, indent=1) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text())
