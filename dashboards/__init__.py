"""Read-only pages over a lake. They read through storage/ only, and let DuckDB count."""
