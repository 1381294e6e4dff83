"""Import of rows from DataFrames, table files, and the output of exiftool, ffprobe and MediaInfo."""
