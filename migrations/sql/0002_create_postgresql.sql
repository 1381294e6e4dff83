ALTER TABLE media_changes ADD COLUMN IF NOT EXISTS transaction xid8 NOT NULL DEFAULT pg_current_xact_id()

CREATE INDEX IF NOT EXISTS ix_media_changes_transaction ON media_changes (transaction)

CREATE OR REPLACE FUNCTION media_changes_truncated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, mark) VALUES ('everything', floor(random() * 9e18)::bigint); RETURN NULL; END $$

CREATE OR REPLACE FUNCTION media_changes_media_items_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media', item, floor(random() * 9e18)::bigint FROM (SELECT id AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_media_items_inserted ON media_items

CREATE TRIGGER media_changes_media_items_inserted AFTER INSERT ON media_items REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_media_items_inserted()

CREATE OR REPLACE FUNCTION media_changes_media_items_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media', item, floor(random() * 9e18)::bigint FROM (SELECT id AS item FROM old_rows UNION SELECT id AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_media_items_updated ON media_items

CREATE TRIGGER media_changes_media_items_updated AFTER UPDATE ON media_items REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_media_items_updated()

CREATE OR REPLACE FUNCTION media_changes_media_items_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media', item, floor(random() * 9e18)::bigint FROM (SELECT id AS item FROM old_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_media_items_deleted ON media_items

CREATE TRIGGER media_changes_media_items_deleted AFTER DELETE ON media_items REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_media_items_deleted()

DROP TRIGGER IF EXISTS media_changes_media_items_truncated ON media_items

CREATE TRIGGER media_changes_media_items_truncated AFTER TRUNCATE ON media_items FOR EACH STATEMENT EXECUTE FUNCTION media_changes_truncated()

CREATE OR REPLACE FUNCTION media_changes_media_metadata_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media', item, floor(random() * 9e18)::bigint FROM (SELECT media_item_id AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_media_metadata_inserted ON media_metadata

CREATE TRIGGER media_changes_media_metadata_inserted AFTER INSERT ON media_metadata REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_media_metadata_inserted()

CREATE OR REPLACE FUNCTION media_changes_media_metadata_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media', item, floor(random() * 9e18)::bigint FROM (SELECT media_item_id AS item FROM old_rows UNION SELECT media_item_id AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_media_metadata_updated ON media_metadata

CREATE TRIGGER media_changes_media_metadata_updated AFTER UPDATE ON media_metadata REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_media_metadata_updated()

CREATE OR REPLACE FUNCTION media_changes_media_metadata_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media', item, floor(random() * 9e18)::bigint FROM (SELECT media_item_id AS item FROM old_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_media_metadata_deleted ON media_metadata

CREATE TRIGGER media_changes_media_metadata_deleted AFTER DELETE ON media_metadata REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_media_metadata_deleted()

DROP TRIGGER IF EXISTS media_changes_media_metadata_truncated ON media_metadata

CREATE TRIGGER media_changes_media_metadata_truncated AFTER TRUNCATE ON media_metadata FOR EACH STATEMENT EXECUTE FUNCTION media_changes_truncated()

CREATE OR REPLACE FUNCTION media_changes_media_copies_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_copies', item, floor(random() * 9e18)::bigint FROM (SELECT media_item_id AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_media_copies_inserted ON media_copies

CREATE TRIGGER media_changes_media_copies_inserted AFTER INSERT ON media_copies REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_media_copies_inserted()

CREATE OR REPLACE FUNCTION media_changes_media_copies_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_copies', item, floor(random() * 9e18)::bigint FROM (SELECT media_item_id AS item FROM old_rows UNION SELECT media_item_id AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_media_copies_updated ON media_copies

CREATE TRIGGER media_changes_media_copies_updated AFTER UPDATE ON media_copies REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_media_copies_updated()

CREATE OR REPLACE FUNCTION media_changes_media_copies_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_copies', item, floor(random() * 9e18)::bigint FROM (SELECT media_item_id AS item FROM old_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_media_copies_deleted ON media_copies

CREATE TRIGGER media_changes_media_copies_deleted AFTER DELETE ON media_copies REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_media_copies_deleted()

DROP TRIGGER IF EXISTS media_changes_media_copies_truncated ON media_copies

CREATE TRIGGER media_changes_media_copies_truncated AFTER TRUNCATE ON media_copies FOR EACH STATEMENT EXECUTE FUNCTION media_changes_truncated()

CREATE OR REPLACE FUNCTION media_changes_media_tags_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_tags', item, floor(random() * 9e18)::bigint FROM (SELECT media_item_id AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_media_tags_inserted ON media_tags

CREATE TRIGGER media_changes_media_tags_inserted AFTER INSERT ON media_tags REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_media_tags_inserted()

CREATE OR REPLACE FUNCTION media_changes_media_tags_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_tags', item, floor(random() * 9e18)::bigint FROM (SELECT media_item_id AS item FROM old_rows UNION SELECT media_item_id AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_media_tags_updated ON media_tags

CREATE TRIGGER media_changes_media_tags_updated AFTER UPDATE ON media_tags REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_media_tags_updated()

CREATE OR REPLACE FUNCTION media_changes_media_tags_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'media_tags', item, floor(random() * 9e18)::bigint FROM (SELECT media_item_id AS item FROM old_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_media_tags_deleted ON media_tags

CREATE TRIGGER media_changes_media_tags_deleted AFTER DELETE ON media_tags REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_media_tags_deleted()

DROP TRIGGER IF EXISTS media_changes_media_tags_truncated ON media_tags

CREATE TRIGGER media_changes_media_tags_truncated AFTER TRUNCATE ON media_tags FOR EACH STATEMENT EXECUTE FUNCTION media_changes_truncated()

CREATE OR REPLACE FUNCTION media_changes_collection_items_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'collection_items', item, floor(random() * 9e18)::bigint FROM (SELECT media_item_id AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_collection_items_inserted ON collection_items

CREATE TRIGGER media_changes_collection_items_inserted AFTER INSERT ON collection_items REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_collection_items_inserted()

CREATE OR REPLACE FUNCTION media_changes_collection_items_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'collection_items', item, floor(random() * 9e18)::bigint FROM (SELECT media_item_id AS item FROM old_rows UNION SELECT media_item_id AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_collection_items_updated ON collection_items

CREATE TRIGGER media_changes_collection_items_updated AFTER UPDATE ON collection_items REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_collection_items_updated()

CREATE OR REPLACE FUNCTION media_changes_collection_items_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'collection_items', item, floor(random() * 9e18)::bigint FROM (SELECT media_item_id AS item FROM old_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_collection_items_deleted ON collection_items

CREATE TRIGGER media_changes_collection_items_deleted AFTER DELETE ON collection_items REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_collection_items_deleted()

DROP TRIGGER IF EXISTS media_changes_collection_items_truncated ON collection_items

CREATE TRIGGER media_changes_collection_items_truncated AFTER TRUNCATE ON collection_items FOR EACH STATEMENT EXECUTE FUNCTION media_changes_truncated()

CREATE OR REPLACE FUNCTION media_changes_tags_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'tags', item, floor(random() * 9e18)::bigint FROM (SELECT NULL::uuid AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_tags_inserted ON tags

CREATE TRIGGER media_changes_tags_inserted AFTER INSERT ON tags REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_tags_inserted()

CREATE OR REPLACE FUNCTION media_changes_tags_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'tags', item, floor(random() * 9e18)::bigint FROM (SELECT NULL::uuid AS item FROM old_rows UNION SELECT NULL::uuid AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_tags_updated ON tags

CREATE TRIGGER media_changes_tags_updated AFTER UPDATE ON tags REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_tags_updated()

CREATE OR REPLACE FUNCTION media_changes_tags_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'tags', item, floor(random() * 9e18)::bigint FROM (SELECT NULL::uuid AS item FROM old_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_tags_deleted ON tags

CREATE TRIGGER media_changes_tags_deleted AFTER DELETE ON tags REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_tags_deleted()

DROP TRIGGER IF EXISTS media_changes_tags_truncated ON tags

CREATE TRIGGER media_changes_tags_truncated AFTER TRUNCATE ON tags FOR EACH STATEMENT EXECUTE FUNCTION media_changes_truncated()

CREATE OR REPLACE FUNCTION media_changes_collections_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'collections', item, floor(random() * 9e18)::bigint FROM (SELECT NULL::uuid AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_collections_inserted ON collections

CREATE TRIGGER media_changes_collections_inserted AFTER INSERT ON collections REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_collections_inserted()

CREATE OR REPLACE FUNCTION media_changes_collections_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'collections', item, floor(random() * 9e18)::bigint FROM (SELECT NULL::uuid AS item FROM old_rows UNION SELECT NULL::uuid AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_collections_updated ON collections

CREATE TRIGGER media_changes_collections_updated AFTER UPDATE ON collections REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_collections_updated()

CREATE OR REPLACE FUNCTION media_changes_collections_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'collections', item, floor(random() * 9e18)::bigint FROM (SELECT NULL::uuid AS item FROM old_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_collections_deleted ON collections

CREATE TRIGGER media_changes_collections_deleted AFTER DELETE ON collections REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_collections_deleted()

DROP TRIGGER IF EXISTS media_changes_collections_truncated ON collections

CREATE TRIGGER media_changes_collections_truncated AFTER TRUNCATE ON collections FOR EACH STATEMENT EXECUTE FUNCTION media_changes_truncated()

CREATE OR REPLACE FUNCTION media_changes_scans_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'scans', item, floor(random() * 9e18)::bigint FROM (SELECT NULL::uuid AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_scans_inserted ON scans

CREATE TRIGGER media_changes_scans_inserted AFTER INSERT ON scans REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_scans_inserted()

CREATE OR REPLACE FUNCTION media_changes_scans_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'scans', item, floor(random() * 9e18)::bigint FROM (SELECT NULL::uuid AS item FROM old_rows UNION SELECT NULL::uuid AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_scans_updated ON scans

CREATE TRIGGER media_changes_scans_updated AFTER UPDATE ON scans REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_scans_updated()

CREATE OR REPLACE FUNCTION media_changes_scans_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'scans', item, floor(random() * 9e18)::bigint FROM (SELECT NULL::uuid AS item FROM old_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_scans_deleted ON scans

CREATE TRIGGER media_changes_scans_deleted AFTER DELETE ON scans REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_scans_deleted()

DROP TRIGGER IF EXISTS media_changes_scans_truncated ON scans

CREATE TRIGGER media_changes_scans_truncated AFTER TRUNCATE ON scans FOR EACH STATEMENT EXECUTE FUNCTION media_changes_truncated()

CREATE OR REPLACE FUNCTION media_changes_scan_failures_inserted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'scan_failures', item, floor(random() * 9e18)::bigint FROM (SELECT NULL::uuid AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_scan_failures_inserted ON scan_failures

CREATE TRIGGER media_changes_scan_failures_inserted AFTER INSERT ON scan_failures REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_scan_failures_inserted()

CREATE OR REPLACE FUNCTION media_changes_scan_failures_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'scan_failures', item, floor(random() * 9e18)::bigint FROM (SELECT NULL::uuid AS item FROM old_rows UNION SELECT NULL::uuid AS item FROM new_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_scan_failures_updated ON scan_failures

CREATE TRIGGER media_changes_scan_failures_updated AFTER UPDATE ON scan_failures REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_scan_failures_updated()

CREATE OR REPLACE FUNCTION media_changes_scan_failures_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO media_changes(relation, media_item_id, mark) SELECT 'scan_failures', item, floor(random() * 9e18)::bigint FROM (SELECT NULL::uuid AS item FROM old_rows) AS changed; IF random() < 0.01 THEN DELETE FROM media_changes WHERE revision <= (SELECT max(revision) FROM media_changes) - 200000; END IF; RETURN NULL; END $$

DROP TRIGGER IF EXISTS media_changes_scan_failures_deleted ON scan_failures

CREATE TRIGGER media_changes_scan_failures_deleted AFTER DELETE ON scan_failures REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION media_changes_scan_failures_deleted()

DROP TRIGGER IF EXISTS media_changes_scan_failures_truncated ON scan_failures

CREATE TRIGGER media_changes_scan_failures_truncated AFTER TRUNCATE ON scan_failures FOR EACH STATEMENT EXECUTE FUNCTION media_changes_truncated()

INSERT INTO media_changes(relation, mark) SELECT 'everything', floor(random() * 9e18)::bigint WHERE NOT EXISTS (SELECT 1 FROM media_changes)
