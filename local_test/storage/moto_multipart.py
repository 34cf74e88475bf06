"""Multipart uploads of moto's S3, put together in files.

Written against moto 5.2 (https://github.com/getmoto/moto/blob/5.2.5/moto/s3/models.py).
"""

import base64
import hashlib
import zlib
from collections.abc import Iterator
from typing import Any

from moto.s3.exceptions import EntityTooSmall, InvalidPart, MalformedXML
from moto.s3.models import FakeMultipart, MultipartChecksumBuilder
from moto.settings import S3_UPLOAD_PART_MIN_SIZE

from local_test.storage.moto_internals import check_moto
from local_test.storage.moto_keys import DiskKey
from local_test.storage.object_body import Finished, ObjectBody
from local_test.storage.object_folder import ObjectFolder

check_moto("multipart")


class DiskMultipart(FakeMultipart):
    """A multipart upload that is put together in a file. It does not survive a restart: no client could know its
    parts.
    """

    folder: ObjectFolder

    def __new__(cls, *args: Any, **kwargs: Any) -> "DiskMultipart":
        return object.__new__(cls)

    def complete(  # type: ignore[override] # moto hands the whole to the key's value, which takes a file
        self, body: Iterator[tuple[int, str]]
    ) -> tuple[Finished, str, tuple[str, str, int] | None]:
        """The whole, its ETag, and its checksum (kind, value, number of parts). Raises what moto's raises."""
        parts: list[DiskKey] = []
        for number, etag in body:
            part = self.parts.get(number)
            if not isinstance(part, DiskKey) or part.etag.strip('"') != etag.strip('"'):
                raise InvalidPart()
            if parts and parts[-1].contentsize < S3_UPLOAD_PART_MIN_SIZE:
                raise EntityTooSmall()
            parts.append(part)
        if not parts:
            raise MalformedXML

        whole = self.folder.new_unfinished()
        crc = 0
        with whole.open("wb") as file:
            for part in parts:
                for chunk in ObjectBody(part.path):
                    file.write(chunk)
                    crc = zlib.crc32(chunk, crc)
        digests = b"".join(bytes.fromhex(part.etag.strip('"')) for part in parts)
        etag = f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
        return Finished(whole), etag, self._checksum(parts, crc)

    def _checksum(self, parts: list[DiskKey], crc: int) -> tuple[str, str, int] | None:
        """None where the client asked for none, or for one of the whole that this Python cannot compute."""
        algorithm = self.metadata.get("x-amz-checksum-algorithm")
        builder = MultipartChecksumBuilder(algorithm, self.metadata.get("x-amz-checksum-type"))
        if algorithm and builder.checksum_type == "COMPOSITE":
            for part in parts:
                builder.addPart(part.path.read_bytes())
            return builder.build()
        if algorithm == "CRC32":
            return "FULL_OBJECT", base64.b64encode(crc.to_bytes(4, "big")).decode(), 1
        return None
