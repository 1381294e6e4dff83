"""Between a library and files that other programs read: what is taken out, and what is brought in."""
