"""One module per page; its function `page` draws it."""
