"""Files that several machines share: published to a bucket when they are finished, fetched when they are needed.

The data folder is the cache. Without STORAGE_URL nothing is published or fetched, and every path is as it was given.

A thing that is published (a folder, or a single file) lies in the bucket as

    <its path below the data folder>/<version>/<name of each file>
    <its path below the data folder>/.shared.json

The list `.shared.json` holds names, sizes and SHA-256 sums and is written last, so nothing that was published by half is
ever trusted. The version is a hash of the list: what is published anew lies beside the old until the list changes.
"""

from generation.storage.bucket import MissingError, StorageAwayError, StorageError, examine, where
from generation.storage.bucket import is_set as is_shared
from generation.storage.cache import CacheEntry, entries, fetched_folder, let_go
from generation.storage.fetching import fetch, lent, names, piece
from generation.storage.publishing import is_published, publish, published, remove, remove_local

__all__ = [
    "CacheEntry",
    "MissingError",
    "StorageAwayError",
    "StorageError",
    "entries",
    "examine",
    "fetch",
    "fetched_folder",
    "is_published",
    "is_shared",
    "lent",
    "let_go",
    "names",
    "piece",
    "publish",
    "published",
    "remove",
    "remove_local",
    "where",
]
