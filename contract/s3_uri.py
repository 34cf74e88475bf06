"""S3 URIs. A key may hold `#`, `?` and `%`: nothing in it is a query or a fragment, and nothing is decoded.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
"""

SCHEME = "s3://"


def split_s3_uri(uri: str) -> tuple[str, str]:
    """`s3://bucket/some/key` -> `("bucket", "some/key")`; the key may be empty. Raises ValueError for any other URI."""
    bucket, _, key = uri.removeprefix(SCHEME).partition("/")
    if not uri.startswith(SCHEME) or not bucket:
        raise ValueError(f"{uri} is not an S3 URI, which is s3://bucket/key.")
    return bucket, key
