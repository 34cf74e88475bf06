"""Operations that AWS lets anybody ask for, without a signature: logins. None of them is here, and their requests are
refused like every unsigned one; this names them, so that the refusal can say what to do.

Source: botocore's models (`authtype: none`).
"""

from local_test.api.asked_operation import routes
from local_test.api.request_head import RequestHead

# Before the dot in X-Amz-Target.
COGNITO = ("AWSCognitoIdentityService", "AWSCognitoIdentityProviderService")
LOGINS = ("sso", "sso-oidc", "signin")  # botocore's names of services whose paths tell the operation


def unsigned_operation(head: RequestHead) -> str | None:
    """`GetRoleCredentials`; None for a request that AWS wants signed, too."""
    service, _, operation = head.headers.get("x-amz-target", "").partition(".")
    if operation:
        return operation if service in COGNITO else None
    return next((route.operation for name in LOGINS for route in routes(name) if route.matches(head)), None)
