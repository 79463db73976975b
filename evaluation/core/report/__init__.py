"""What a report says and in which order: sections of records, findings in words, the methods paragraph."""
