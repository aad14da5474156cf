"""Parts of addresses that Django has no converter for."""

from django.urls.converters import StringConverter


class FileConverter(StringConverter):
    """The path of a file with any character that a disk allows, line breaks included; Django's ``path`` refuses those."""

    regex = "(?s:.+)"
