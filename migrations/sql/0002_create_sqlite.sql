CREATE TRIGGER IF NOT EXISTS media_changes_media_items_inserted AFTER INSERT ON media_items BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media', NEW.id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_items_deleted AFTER DELETE ON media_items BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media', OLD.id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_items_updated AFTER UPDATE ON media_items BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media', NEW.id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_items_left AFTER UPDATE OF id ON media_items WHEN OLD.id IS NOT NEW.id BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media', OLD.id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_items_replaced BEFORE INSERT ON media_items BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media', id, random() FROM media_items WHERE file_path = NEW.file_path OR file_hash = NEW.file_hash; END

CREATE TRIGGER IF NOT EXISTS media_changes_media_items_displaced BEFORE UPDATE OF file_path, file_hash ON media_items WHEN NEW.file_path IS NOT OLD.file_path OR NEW.file_hash IS NOT OLD.file_hash BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media', id, random() FROM media_items WHERE file_path = NEW.file_path OR file_hash = NEW.file_hash; END

CREATE TRIGGER IF NOT EXISTS media_changes_media_metadata_inserted AFTER INSERT ON media_metadata BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media', NEW.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_metadata_deleted AFTER DELETE ON media_metadata BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media', OLD.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_metadata_updated AFTER UPDATE ON media_metadata BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media', NEW.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_metadata_left AFTER UPDATE OF media_item_id ON media_metadata WHEN OLD.media_item_id IS NOT NEW.media_item_id BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media', OLD.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_metadata_replaced BEFORE INSERT ON media_metadata BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media', media_item_id, random() FROM media_metadata WHERE id = NEW.id; END

CREATE TRIGGER IF NOT EXISTS media_changes_media_metadata_displaced BEFORE UPDATE OF id ON media_metadata WHEN NEW.id IS NOT OLD.id BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media', media_item_id, random() FROM media_metadata WHERE id = NEW.id; END

CREATE TRIGGER IF NOT EXISTS media_changes_media_copies_inserted AFTER INSERT ON media_copies BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media_copies', NEW.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_copies_deleted AFTER DELETE ON media_copies BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media_copies', OLD.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_copies_updated AFTER UPDATE ON media_copies BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media_copies', NEW.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_copies_left AFTER UPDATE OF media_item_id ON media_copies WHEN OLD.media_item_id IS NOT NEW.media_item_id BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media_copies', OLD.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_copies_replaced BEFORE INSERT ON media_copies BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_copies', media_item_id, random() FROM media_copies WHERE id = NEW.id OR file_path = NEW.file_path; END

CREATE TRIGGER IF NOT EXISTS media_changes_media_copies_displaced BEFORE UPDATE OF id, file_path ON media_copies WHEN NEW.id IS NOT OLD.id OR NEW.file_path IS NOT OLD.file_path BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_copies', media_item_id, random() FROM media_copies WHERE id = NEW.id OR file_path = NEW.file_path; END

CREATE TRIGGER IF NOT EXISTS media_changes_media_tags_inserted AFTER INSERT ON media_tags BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media_tags', NEW.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_tags_deleted AFTER DELETE ON media_tags BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media_tags', OLD.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_tags_updated AFTER UPDATE ON media_tags BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media_tags', NEW.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_media_tags_left AFTER UPDATE OF media_item_id ON media_tags WHEN OLD.media_item_id IS NOT NEW.media_item_id BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('media_tags', OLD.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_collection_items_inserted AFTER INSERT ON collection_items BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('collection_items', NEW.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_collection_items_deleted AFTER DELETE ON collection_items BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('collection_items', OLD.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_collection_items_updated AFTER UPDATE ON collection_items BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('collection_items', NEW.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_collection_items_left AFTER UPDATE OF media_item_id ON collection_items WHEN OLD.media_item_id IS NOT NEW.media_item_id BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('collection_items', OLD.media_item_id, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_tags_inserted AFTER INSERT ON tags BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('tags', NULL, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_tags_deleted AFTER DELETE ON tags BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('tags', NULL, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_tags_updated AFTER UPDATE ON tags BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('tags', NULL, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_collections_inserted AFTER INSERT ON collections BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('collections', NULL, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_collections_deleted AFTER DELETE ON collections BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('collections', NULL, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_collections_updated AFTER UPDATE ON collections BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('collections', NULL, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_scans_inserted AFTER INSERT ON scans BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('scans', NULL, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_scans_deleted AFTER DELETE ON scans BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('scans', NULL, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_scans_updated AFTER UPDATE ON scans BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('scans', NULL, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_scan_failures_inserted AFTER INSERT ON scan_failures BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('scan_failures', NULL, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_scan_failures_deleted AFTER DELETE ON scan_failures BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('scan_failures', NULL, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_scan_failures_updated AFTER UPDATE ON scan_failures BEGIN INSERT INTO media_changes(relation, media_item_id, mark) VALUES ('scan_failures', NULL, random()); END

CREATE TRIGGER IF NOT EXISTS media_changes_pruned AFTER INSERT ON media_changes WHEN NEW.revision % 1024 = 0 BEGIN DELETE FROM media_changes WHERE revision <= NEW.revision - 200000; END

INSERT INTO media_changes(relation, mark) SELECT 'everything', random() WHERE NOT EXISTS (SELECT 1 FROM media_changes)
