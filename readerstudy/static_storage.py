"""How static files are named when they are served."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Every file under a name that holds its hash, also where one JavaScript module imports another.

    A browser then asks for each module once and never again, instead of once a minute in the middle of a study.
    """

    support_js_module_import_aggregation = True
