"""What a bucket and the folder behind it hold."""


def files(server):
    return sorted(path.name for path in (server.folder / "s3").rglob("*") if path.is_file() and path.name != "lock")


def keys(client, bucket="pictures", **options):
    return [found["Key"] for found in client.list_objects_v2(Bucket=bucket, **options).get("Contents", [])]


def body(client, key, bucket="pictures", **options):
    return client.get_object(Bucket=bucket, Key=key, **options)["Body"].read()
