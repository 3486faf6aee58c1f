"""One file per journey. Numbered steps that read like the specification; no rules of its own."""
