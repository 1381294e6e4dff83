DROP TRIGGER IF EXISTS media_changes_media_items_inserted

DROP TRIGGER IF EXISTS media_changes_media_items_deleted

DROP TRIGGER IF EXISTS media_changes_media_items_updated

DROP TRIGGER IF EXISTS media_changes_media_items_left

DROP TRIGGER IF EXISTS media_changes_media_items_replaced

DROP TRIGGER IF EXISTS media_changes_media_items_displaced

DROP TRIGGER IF EXISTS media_changes_media_metadata_inserted

DROP TRIGGER IF EXISTS media_changes_media_metadata_deleted

DROP TRIGGER IF EXISTS media_changes_media_metadata_updated

DROP TRIGGER IF EXISTS media_changes_media_metadata_left

DROP TRIGGER IF EXISTS media_changes_media_metadata_replaced

DROP TRIGGER IF EXISTS media_changes_media_metadata_displaced

DROP TRIGGER IF EXISTS media_changes_media_copies_inserted

DROP TRIGGER IF EXISTS media_changes_media_copies_deleted

DROP TRIGGER IF EXISTS media_changes_media_copies_updated

DROP TRIGGER IF EXISTS media_changes_media_copies_left

DROP TRIGGER IF EXISTS media_changes_media_copies_replaced

DROP TRIGGER IF EXISTS media_changes_media_copies_displaced

DROP TRIGGER IF EXISTS media_changes_media_tags_inserted

DROP TRIGGER IF EXISTS media_changes_media_tags_deleted

DROP TRIGGER IF EXISTS media_changes_media_tags_updated

DROP TRIGGER IF EXISTS media_changes_media_tags_left

DROP TRIGGER IF EXISTS media_changes_collection_items_inserted

DROP TRIGGER IF EXISTS media_changes_collection_items_deleted

DROP TRIGGER IF EXISTS media_changes_collection_items_updated

DROP TRIGGER IF EXISTS media_changes_collection_items_left

DROP TRIGGER IF EXISTS media_changes_tags_inserted

DROP TRIGGER IF EXISTS media_changes_tags_deleted

DROP TRIGGER IF EXISTS media_changes_tags_updated

DROP TRIGGER IF EXISTS media_changes_collections_inserted

DROP TRIGGER IF EXISTS media_changes_collections_deleted

DROP TRIGGER IF EXISTS media_changes_collections_updated

DROP TRIGGER IF EXISTS media_changes_scans_inserted

DROP TRIGGER IF EXISTS media_changes_scans_deleted

DROP TRIGGER IF EXISTS media_changes_scans_updated

DROP TRIGGER IF EXISTS media_changes_scan_failures_inserted

DROP TRIGGER IF EXISTS media_changes_scan_failures_deleted

DROP TRIGGER IF EXISTS media_changes_scan_failures_updated
