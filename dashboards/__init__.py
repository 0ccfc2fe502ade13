"""Read-only pages over the lake. They read through storage/ alone, and let DuckDB do the counting."""
