"""DICOM studies: headers -> series -> phases -> volumes, and nothing that says who was scanned."""
