DROP FUNCTION IF EXISTS media_changes_media_items_inserted() CASCADE

DROP FUNCTION IF EXISTS media_changes_media_items_updated() CASCADE

DROP FUNCTION IF EXISTS media_changes_media_items_deleted() CASCADE

DROP FUNCTION IF EXISTS media_changes_media_metadata_inserted() CASCADE

DROP FUNCTION IF EXISTS media_changes_media_metadata_updated() CASCADE

DROP FUNCTION IF EXISTS media_changes_media_metadata_deleted() CASCADE

DROP FUNCTION IF EXISTS media_changes_media_copies_inserted() CASCADE

DROP FUNCTION IF EXISTS media_changes_media_copies_updated() CASCADE

DROP FUNCTION IF EXISTS media_changes_media_copies_deleted() CASCADE

DROP FUNCTION IF EXISTS media_changes_media_tags_inserted() CASCADE

DROP FUNCTION IF EXISTS media_changes_media_tags_updated() CASCADE

DROP FUNCTION IF EXISTS media_changes_media_tags_deleted() CASCADE

DROP FUNCTION IF EXISTS media_changes_collection_items_inserted() CASCADE

DROP FUNCTION IF EXISTS media_changes_collection_items_updated() CASCADE

DROP FUNCTION IF EXISTS media_changes_collection_items_deleted() CASCADE

DROP FUNCTION IF EXISTS media_changes_tags_inserted() CASCADE

DROP FUNCTION IF EXISTS media_changes_tags_updated() CASCADE

DROP FUNCTION IF EXISTS media_changes_tags_deleted() CASCADE

DROP FUNCTION IF EXISTS media_changes_collections_inserted() CASCADE

DROP FUNCTION IF EXISTS media_changes_collections_updated() CASCADE

DROP FUNCTION IF EXISTS media_changes_collections_deleted() CASCADE

DROP FUNCTION IF EXISTS media_changes_scans_inserted() CASCADE

DROP FUNCTION IF EXISTS media_changes_scans_updated() CASCADE

DROP FUNCTION IF EXISTS media_changes_scans_deleted() CASCADE

DROP FUNCTION IF EXISTS media_changes_scan_failures_inserted() CASCADE

DROP FUNCTION IF EXISTS media_changes_scan_failures_updated() CASCADE

DROP FUNCTION IF EXISTS media_changes_scan_failures_deleted() CASCADE

DROP FUNCTION IF EXISTS media_changes_truncated() CASCADE
