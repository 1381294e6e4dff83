"""What other programs say of files, in mfkit's columns: one program a file."""
