"""What the readers of whole sources share: rows on disk, the choice of the infusion, assembly."""
