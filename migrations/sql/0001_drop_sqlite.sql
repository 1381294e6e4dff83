DROP TRIGGER IF EXISTS media_search_row_added

DROP TRIGGER IF EXISTS media_search_row_changed

DROP TRIGGER IF EXISTS media_search_row_removed

DROP TABLE IF EXISTS media_fts

DROP VIEW IF EXISTS media
