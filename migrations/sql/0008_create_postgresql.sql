ALTER TABLE media_search DROP COLUMN document

ALTER TABLE media_search ADD COLUMN document tsvector GENERATED ALWAYS AS (to_tsvector('simple', regexp_replace(regexp_replace(translate(lower(normalize(regexp_replace(normalize(coalesce(file_name, '') || ' ' || coalesce(folder, '') || ' ' || coalesce(title, '') || ' ' || coalesce(artist, '') || ' ' || coalesce(album, '') || ' ' || coalesce(genre, '') || ' ' || coalesce(camera, '') || ' ' || coalesce(place, '') || ' ' || coalesce(tags, ''), NFD), '[̀-ͯ]+', '', 'g'))), 'ς', 'σ'), '([ก-໿က-႟ᄀ-ᇿក-៿⺀-𿿿][ัิ-ฺ็-๎ັິ-ຼ່-໎ါ-ှၖ-ၙၞ-ၠၢ-ၤၧ-ၭၱ-ၴႂ-ႍႏႚ-ႝᅠ-ᇿ឴-៓゙៝-゚]*)', ' \1 ', 'g'), '[^[:alnum:]ัิ-ฺ็-๎ັິ-ຼ່-໎ါ-ှၖ-ၙၞ-ၠၢ-ၤၧ-ၭၱ-ၴႂ-ႍႏႚ-ႝᅠ-ᇿ឴-៓゙៝-゚]+', ' ', 'g'))) STORED

CREATE INDEX ix_media_search_document ON media_search USING gin (document)
