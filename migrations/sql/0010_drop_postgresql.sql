CREATE VIEW media AS SELECT i.id, i.file_path, i.file_name, i.file_size, i.file_hash, i.mime_type, i.media_type, i.created_at, i.file_created_at, i.file_modified_at, i.last_scanned_at, i.is_processed, i.is_compressed, i.compression_ratio, i.missing_since, i.modified_at, i.captured_at, i.capture_offset, i.capture_precision, i.capture_source, i.capture_flag, i.device, i.inode, i.link_count, i.changed_ns, m.duration, m.width, m.height, m.fps, m.video_codec, m.audio_codec, m.bitrate, m.sample_rate, m.channels, m.artist, m.album, m.title, m.genre, m.year, m.camera_make, m.camera_model, m.iso, m.aperture, m.shutter_speed, m.focal_length, m.latitude, m.longitude, m.location_name, m.extra_metadata, m.rating, m.people, m.description, m.album_artist, m.track, m.disc, CASE WHEN i.file_path ~ '^/[^/]*$' THEN '/' WHEN position('/' in i.file_path) = 0 THEN '' ELSE regexp_replace(i.file_path, '/+[^/]*$', '') END AS folder, coalesce(lower(substring(i.file_name from '^.+\.([^.]*)$')), '') AS extension, (SELECT count(*) FROM media_copies c WHERE c.media_item_id = i.id AND c.missing_since IS NULL) AS copies, coalesce(i.captured_at, i.file_created_at AT TIME ZONE 'UTC', i.file_modified_at AT TIME ZONE 'UTC') AS date, CASE WHEN i.captured_at IS NOT NULL OR i.file_created_at IS NOT NULL THEN 'capture' WHEN i.file_modified_at IS NOT NULL THEN 'file' END AS date_source FROM media_items i LEFT JOIN media_metadata m ON m.media_item_id = i.id

DROP FUNCTION media_changes_media_streams_inserted()

DROP FUNCTION media_changes_media_streams_updated()

DROP FUNCTION media_changes_media_streams_deleted()

DROP FUNCTION media_changes_media_chapters_inserted()

DROP FUNCTION media_changes_media_chapters_updated()

DROP FUNCTION media_changes_media_chapters_deleted()
