DROP TRIGGER media_changes_media_streams_inserted

CREATE TRIGGER media_changes_media_streams_inserted AFTER INSERT ON media_streams BEGIN UPDATE media_changes SET mark = mark + 1 + abs(random() % 10000000) WHERE revision = (SELECT max(revision) FROM media_changes) AND relation = 'media_streams' AND media_item_id = NEW.media_item_id; INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_streams', NEW.media_item_id, random() / 2 WHERE changes() = 0; END

DROP TRIGGER media_changes_media_streams_deleted

CREATE TRIGGER media_changes_media_streams_deleted AFTER DELETE ON media_streams BEGIN UPDATE media_changes SET mark = mark + 1 + abs(random() % 10000000) WHERE revision = (SELECT max(revision) FROM media_changes) AND relation = 'media_streams' AND media_item_id = OLD.media_item_id; INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_streams', OLD.media_item_id, random() / 2 WHERE changes() = 0; END

DROP TRIGGER media_changes_media_streams_updated

CREATE TRIGGER media_changes_media_streams_updated AFTER UPDATE ON media_streams BEGIN UPDATE media_changes SET mark = mark + 1 + abs(random() % 10000000) WHERE revision = (SELECT max(revision) FROM media_changes) AND relation = 'media_streams' AND media_item_id = NEW.media_item_id; INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_streams', NEW.media_item_id, random() / 2 WHERE changes() = 0; END

DROP TRIGGER media_changes_media_streams_left

CREATE TRIGGER media_changes_media_streams_left AFTER UPDATE OF media_item_id ON media_streams WHEN OLD.media_item_id IS NOT NEW.media_item_id BEGIN UPDATE media_changes SET mark = mark + 1 + abs(random() % 10000000) WHERE revision = (SELECT max(revision) FROM media_changes) AND relation = 'media_streams' AND media_item_id = OLD.media_item_id; INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_streams', OLD.media_item_id, random() / 2 WHERE changes() = 0; END

DROP TRIGGER media_changes_media_chapters_inserted

CREATE TRIGGER media_changes_media_chapters_inserted AFTER INSERT ON media_chapters BEGIN UPDATE media_changes SET mark = mark + 1 + abs(random() % 10000000) WHERE revision = (SELECT max(revision) FROM media_changes) AND relation = 'media_chapters' AND media_item_id = NEW.media_item_id; INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_chapters', NEW.media_item_id, random() / 2 WHERE changes() = 0; END

DROP TRIGGER media_changes_media_chapters_deleted

CREATE TRIGGER media_changes_media_chapters_deleted AFTER DELETE ON media_chapters BEGIN UPDATE media_changes SET mark = mark + 1 + abs(random() % 10000000) WHERE revision = (SELECT max(revision) FROM media_changes) AND relation = 'media_chapters' AND media_item_id = OLD.media_item_id; INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_chapters', OLD.media_item_id, random() / 2 WHERE changes() = 0; END

DROP TRIGGER media_changes_media_chapters_updated

CREATE TRIGGER media_changes_media_chapters_updated AFTER UPDATE ON media_chapters BEGIN UPDATE media_changes SET mark = mark + 1 + abs(random() % 10000000) WHERE revision = (SELECT max(revision) FROM media_changes) AND relation = 'media_chapters' AND media_item_id = NEW.media_item_id; INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_chapters', NEW.media_item_id, random() / 2 WHERE changes() = 0; END

DROP TRIGGER media_changes_media_chapters_left

CREATE TRIGGER media_changes_media_chapters_left AFTER UPDATE OF media_item_id ON media_chapters WHEN OLD.media_item_id IS NOT NEW.media_item_id BEGIN UPDATE media_changes SET mark = mark + 1 + abs(random() % 10000000) WHERE revision = (SELECT max(revision) FROM media_changes) AND relation = 'media_chapters' AND media_item_id = OLD.media_item_id; INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_chapters', OLD.media_item_id, random() / 2 WHERE changes() = 0; END
