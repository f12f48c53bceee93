"""Official papers (文书) as Word files: an office's template, or ours, filled with plain data."""
