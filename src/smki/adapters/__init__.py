"""One port each: SQL, plain files, keys in software and in tokens, the clock. Strangers to rules."""
