"""Where a project's things lie in S3: s3://<bucket>/<prefix>/{data,jobs,checkpoints,debugger,features,transform,capture,async}/..."""

from dataclasses import dataclass

from contract.s3_uri import split_s3_uri
from scripts.console.failure import Failure


@dataclass(frozen=True)
class Layout:
    """Places of one prefix in one bucket, each an s3:// URI without a slash at its end."""

    bucket: str
    prefix: str

    @property
    def root(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def data(self) -> str:
        return f"{self.root}/data"

    @property
    def jobs(self) -> str:
        return f"{self.root}/jobs"

    @property
    def capture(self) -> str:
        return f"{self.root}/capture"

    @property
    def debugger(self) -> str:
        """What SageMaker Debugger keeps lies in a folder of its job's name."""
        return f"{self.root}/debugger"

    @property
    def asynchronous(self) -> str:
        return f"{self.root}/async"

    @property
    def checkpoints(self) -> str:
        """What lies here lies in a folder of its job's name."""
        return f"{self.root}/checkpoints"

    def features(self, key: str) -> str:
        """Where jobs leave the features that `key` stands for."""
        return f"{self.root}/features/{key}"

    def transform(self, job: str) -> str:
        return f"{self.root}/transform/{job}"


def bucket_and_key(uri: str) -> tuple[str, str]:
    """`s3://bucket/some/key` -> `("bucket", "some/key")`. Raises Failure for any other URI."""
    try:
        return split_s3_uri(uri)
    except ValueError as error:
        raise Failure(str(error)) from None
