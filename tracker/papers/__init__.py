"""Official papers (文书) as Word files: an office's own template, or ours, filled with plain data. No database."""
