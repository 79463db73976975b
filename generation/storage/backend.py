"""The bucket as one of Django's storages; imported only where STORAGE_URL is set."""

from typing import Any, Final

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from storages.backends.s3 import S3Storage

_PIECE: Final = 8 << 20  # bytes of a part of a large file
_AT_ONCE: Final = 4  # parts under way; with the queue below, some 60 MB in memory at most


class SharedBucket(S3Storage):
    """S3 with time limits and retries, and with memory that does not grow with the files.

    Parameters
    ----------
    addressing_style : `path` for servers that have one name for all buckets
    max_attempts, connect_timeout, read_timeout : of one request, in seconds; retries wait longer each time
    """

    def __init__(
        self,
        *,
        addressing_style: str = "auto",
        max_attempts: int = 4,
        connect_timeout: float = 4,
        read_timeout: float = 60,
        **options: Any,
    ) -> None:
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": addressing_style},
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            retries={"mode": "standard", "total_max_attempts": max_attempts},
            max_pool_connections=_AT_ONCE + 2,
            # Files carry their own SHA-256; not every server knows the checksums of newer clients.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        transfers = TransferConfig(
            multipart_threshold=2 * _PIECE,
            multipart_chunksize=_PIECE,
            max_concurrency=_AT_ONCE,
            max_io_queue=100,
        )
        super().__init__(client_config=config, transfer_config=transfers, **options)
