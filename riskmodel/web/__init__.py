"""The clinician's pages, the interface for programs and CDS Hooks, served from one process."""

from riskmodel.web.serve import Settings, serve

__all__ = ["Settings", "serve"]
