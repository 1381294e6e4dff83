CREATE OR REPLACE VIEW media AS SELECT i.id, i.file_path, i.file_name, i.file_size, i.file_hash, i.mime_type, i.media_type, i.created_at, i.file_created_at, i.file_modified_at, i.last_scanned_at, i.is_processed, i.is_compressed, i.compression_ratio, i.missing_since, i.modified_at, m.duration, m.width, m.height, m.fps, m.video_codec, m.audio_codec, m.bitrate, m.sample_rate, m.channels, m.artist, m.album, m.title, m.genre, m.year, m.camera_make, m.camera_model, m.iso, m.aperture, m.shutter_speed, m.focal_length, m.latitude, m.longitude, m.location_name, m.extra_metadata, CASE WHEN i.file_path ~ '^/[^/]*$' THEN '/' WHEN position('/' in i.file_path) = 0 THEN '' ELSE regexp_replace(i.file_path, '/+[^/]*$', '') END AS folder, coalesce(lower(substring(i.file_name from '^.+\.([^.]*)$')), '') AS extension, (SELECT count(*) FROM media_copies c WHERE c.media_item_id = i.id AND c.missing_since IS NULL) AS copies FROM media_items i LEFT JOIN media_metadata m ON m.media_item_id = i.id

ALTER TABLE media_search ADD COLUMN IF NOT EXISTS document tsvector GENERATED ALWAYS AS (to_tsvector('simple', regexp_replace(normalize(coalesce(file_name, '') || ' ' || coalesce(folder, '') || ' ' || coalesce(title, '') || ' ' || coalesce(artist, '') || ' ' || coalesce(album, '') || ' ' || coalesce(genre, '') || ' ' || coalesce(camera, '') || ' ' || coalesce(place, '') || ' ' || coalesce(tags, '')), '[^[:alnum:]]+', ' ', 'g'))) STORED

CREATE INDEX IF NOT EXISTS ix_media_search_document ON media_search USING gin (document)

CREATE OR REPLACE FUNCTION media_search_item_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_search(media_item_id, file_name, folder) VALUES (NEW.id, NEW.file_name, CASE WHEN NEW.file_path ~ '^/[^/]*$' THEN '/' WHEN position('/' in NEW.file_path) = 0 THEN '' ELSE regexp_replace(NEW.file_path, '/+[^/]*$', '') END); RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_search_item_added ON media_items

CREATE TRIGGER media_search_item_added AFTER INSERT ON media_items FOR EACH ROW EXECUTE FUNCTION media_search_item_added()

CREATE OR REPLACE FUNCTION media_search_item_renamed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE media_search SET file_name = NEW.file_name, folder = CASE WHEN NEW.file_path ~ '^/[^/]*$' THEN '/' WHEN position('/' in NEW.file_path) = 0 THEN '' ELSE regexp_replace(NEW.file_path, '/+[^/]*$', '') END WHERE media_item_id = NEW.id; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_search_item_renamed ON media_items

CREATE TRIGGER media_search_item_renamed AFTER UPDATE OF file_path, file_name ON media_items FOR EACH ROW EXECUTE FUNCTION media_search_item_renamed()

CREATE OR REPLACE FUNCTION media_search_item_removed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM media_search WHERE media_item_id = OLD.id; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_search_item_removed ON media_items

CREATE TRIGGER media_search_item_removed AFTER DELETE ON media_items FOR EACH ROW EXECUTE FUNCTION media_search_item_removed()

CREATE OR REPLACE FUNCTION media_search_facts_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE media_search SET title = NEW.title, artist = NEW.artist, album = NEW.album, genre = NEW.genre, camera = nullif(trim(coalesce(NEW.camera_make, '') || ' ' || coalesce(NEW.camera_model, '')), ''), place = NEW.location_name WHERE media_item_id = NEW.media_item_id; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_search_facts_added ON media_metadata

CREATE TRIGGER media_search_facts_added AFTER INSERT ON media_metadata FOR EACH ROW WHEN (coalesce(NEW.title, NEW.artist, NEW.album, NEW.genre, NEW.camera_make, NEW.camera_model, NEW.location_name) IS NOT NULL) EXECUTE FUNCTION media_search_facts_added()

CREATE OR REPLACE FUNCTION media_search_facts_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE media_search SET title = NEW.title, artist = NEW.artist, album = NEW.album, genre = NEW.genre, camera = nullif(trim(coalesce(NEW.camera_make, '') || ' ' || coalesce(NEW.camera_model, '')), ''), place = NEW.location_name WHERE media_item_id = NEW.media_item_id; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_search_facts_changed ON media_metadata

CREATE TRIGGER media_search_facts_changed AFTER UPDATE OF title, artist, album, genre, camera_make, camera_model, location_name ON media_metadata FOR EACH ROW EXECUTE FUNCTION media_search_facts_changed()

CREATE OR REPLACE FUNCTION media_search_facts_removed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE media_search SET title = NULL, artist = NULL, album = NULL, genre = NULL, camera = NULL, place = NULL WHERE media_item_id = OLD.media_item_id; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_search_facts_removed ON media_metadata

CREATE TRIGGER media_search_facts_removed AFTER DELETE ON media_metadata FOR EACH ROW WHEN (coalesce(OLD.title, OLD.artist, OLD.album, OLD.genre, OLD.camera_make, OLD.camera_model, OLD.location_name) IS NOT NULL) EXECUTE FUNCTION media_search_facts_removed()

CREATE OR REPLACE FUNCTION media_search_tag_put() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE media_search SET tags = (SELECT string_agg(t.name, ' ') FROM media_tags mt JOIN tags t ON t.id = mt.tag_id WHERE mt.media_item_id = media_search.media_item_id) WHERE media_item_id = NEW.media_item_id; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_search_tag_put ON media_tags

CREATE TRIGGER media_search_tag_put AFTER INSERT ON media_tags FOR EACH ROW EXECUTE FUNCTION media_search_tag_put()

CREATE OR REPLACE FUNCTION media_search_tag_taken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE media_search SET tags = (SELECT string_agg(t.name, ' ') FROM media_tags mt JOIN tags t ON t.id = mt.tag_id WHERE mt.media_item_id = media_search.media_item_id) WHERE media_item_id = OLD.media_item_id; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_search_tag_taken ON media_tags

CREATE TRIGGER media_search_tag_taken AFTER DELETE ON media_tags FOR EACH ROW EXECUTE FUNCTION media_search_tag_taken()

CREATE OR REPLACE FUNCTION media_search_tag_renamed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE media_search SET tags = (SELECT string_agg(t.name, ' ') FROM media_tags mt JOIN tags t ON t.id = mt.tag_id WHERE mt.media_item_id = media_search.media_item_id) WHERE media_item_id IN (SELECT media_item_id FROM media_tags WHERE tag_id = NEW.id); RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_search_tag_renamed ON tags

CREATE TRIGGER media_search_tag_renamed AFTER UPDATE OF name ON tags FOR EACH ROW EXECUTE FUNCTION media_search_tag_renamed()
