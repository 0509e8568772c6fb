"""Pictures of one patient as inline SVG."""
