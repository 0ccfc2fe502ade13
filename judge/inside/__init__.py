"""Code that runs inside the sandbox: it imports the standard library and itself, nothing else of Patchmill."""
