DROP TRIGGER media_search_row_added

DROP TRIGGER media_search_row_changes

DROP TRIGGER media_search_row_changed

DROP TRIGGER media_search_row_removed

DROP TABLE media_fts

DROP VIEW media_search_words

CREATE VIRTUAL TABLE media_fts USING fts5(file_name, folder, title, artist, album, genre, camera, place, tags, content='media_search', content_rowid='id', tokenize='unicode61 remove_diacritics 2')

CREATE TRIGGER media_search_row_added AFTER INSERT ON media_search BEGIN INSERT INTO media_fts(rowid, file_name, folder, title, artist, album, genre, camera, place, tags) VALUES (NEW.id, NEW.file_name, NEW.folder, NEW.title, NEW.artist, NEW.album, NEW.genre, NEW.camera, NEW.place, NEW.tags); END

CREATE TRIGGER media_search_row_changed AFTER UPDATE ON media_search BEGIN INSERT INTO media_fts(media_fts, rowid, file_name, folder, title, artist, album, genre, camera, place, tags) VALUES ('delete', OLD.id, OLD.file_name, OLD.folder, OLD.title, OLD.artist, OLD.album, OLD.genre, OLD.camera, OLD.place, OLD.tags); INSERT INTO media_fts(rowid, file_name, folder, title, artist, album, genre, camera, place, tags) VALUES (NEW.id, NEW.file_name, NEW.folder, NEW.title, NEW.artist, NEW.album, NEW.genre, NEW.camera, NEW.place, NEW.tags); END

CREATE TRIGGER media_search_row_removed AFTER DELETE ON media_search BEGIN INSERT INTO media_fts(media_fts, rowid, file_name, folder, title, artist, album, genre, camera, place, tags) VALUES ('delete', OLD.id, OLD.file_name, OLD.folder, OLD.title, OLD.artist, OLD.album, OLD.genre, OLD.camera, OLD.place, OLD.tags); END

INSERT INTO media_fts(media_fts) VALUES ('rebuild')
