"""Import of rows from frames, tables, and the output of exiftool, ffprobe and MediaInfo."""
