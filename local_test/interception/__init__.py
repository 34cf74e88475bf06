"""Requests to AWS's own addresses, answered here: for programs that name one themselves, as the SageMaker SDK names
STS's.

`env --intercept` exports a proxy of the service's own and a certificate authority that may speak for AWS's domains
alone. What a client sends to them ends here; connections to every other host pass through untouched."""
