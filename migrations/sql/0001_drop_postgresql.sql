DROP FUNCTION IF EXISTS media_search_item_added() CASCADE

DROP FUNCTION IF EXISTS media_search_item_renamed() CASCADE

DROP FUNCTION IF EXISTS media_search_item_removed() CASCADE

DROP FUNCTION IF EXISTS media_search_facts_added() CASCADE

DROP FUNCTION IF EXISTS media_search_facts_changed() CASCADE

DROP FUNCTION IF EXISTS media_search_facts_removed() CASCADE

DROP FUNCTION IF EXISTS media_search_tag_put() CASCADE

DROP FUNCTION IF EXISTS media_search_tag_taken() CASCADE

DROP FUNCTION IF EXISTS media_search_tag_renamed() CASCADE

DROP VIEW IF EXISTS media
