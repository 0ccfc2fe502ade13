"""The public Python API of Patchmill."""
