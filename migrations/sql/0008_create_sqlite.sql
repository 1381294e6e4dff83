DROP TRIGGER media_search_row_added

DROP TRIGGER media_search_row_changed

DROP TRIGGER media_search_row_removed

DROP TABLE media_fts

CREATE VIEW media_search_words AS SELECT id, CASE WHEN joined GLOB '*[Ǡ-˿̓̔͂ͅͰ-ԯἀ-῿ก-໿က-႟ᄀ-ᇿក-៿⺀-𿿿]*' THEN (SELECT group_concat(CASE WHEN c < 'Ǡ' THEN c WHEN c BETWEEN '̀' AND 'ͯ' THEN '' WHEN c <= 'ԯ' THEN CASE WHEN c >= 'Ǡ' AND instr('ǠǡǢǣǦǧǨǩǪǫǬǭǮǯǰǴǵǸǹǺǻǼǽǾǿȀȁȂȃȄȅȆȇȈȉȊȋȌȍȎȏȐȑȒȓȔȕȖȗȘșȚțȞȟȦȧȨȩȪȫȬȭȮȯȰȱȲȳΆΈΉΊΌΎΏΐΪΫάέήίΰϊϋόύώϓϔЀЁЃЇЌЍЎЙйѐёѓїќѝўѶѷӁӂӐӑӒӓӖӗӚӛӜӝӞӟӢӣӤӥӦӧӪӫӬӭӮӯӰӱӲӳӴӵӸӹ', c) THEN substr('AaÆæGgKkOoOoƷʒjGgNnAaÆæØøAaAaEeEeIiIiOoOoRrRrUuUuSsTtHhAaEeOoOoOoOoYyΑΕΗΙΟΥΩιΙΥαεηιυιυουωϒϒЕЕГІКИУИиеегікиуѴѵЖжАаАаЕеӘәЖжЗзИиИиОоӨөЭэУуУуУуЧчЫы', instr('ǠǡǢǣǦǧǨǩǪǫǬǭǮǯǰǴǵǸǹǺǻǼǽǾǿȀȁȂȃȄȅȆȇȈȉȊȋȌȍȎȏȐȑȒȓȔȕȖȗȘșȚțȞȟȦȧȨȩȪȫȬȭȮȯȰȱȲȳΆΈΉΊΌΎΏΐΪΫάέήίΰϊϋόύώϓϔЀЁЃЇЌЍЎЙйѐёѓїќѝўѶѷӁӂӐӑӒӓӖӗӚӛӜӝӞӟӢӣӤӥӦӧӪӫӬӭӮӯӰӱӲӳӴӵӸӹ', c), 1) WHEN c BETWEEN 'ก' AND '໿' OR c BETWEEN 'က' AND '႟' OR c BETWEEN 'ᄀ' AND 'ᇿ' OR c BETWEEN 'ក' AND '៿' OR c >= '⺀' THEN ' ' || c || ' ' ELSE c END WHEN c <= '῿' THEN CASE WHEN c >= 'ἀ' AND instr('ἀἁἂἃἄἅἆἇἈἉἊἋἌἍἎἏἐἑἒἓἔἕἘἙἚἛἜἝἠἡἢἣἤἥἦἧἨἩἪἫἬἭἮἯἰἱἲἳἴἵἶἷἸἹἺἻἼἽἾἿὀὁὂὃὄὅὈὉὊὋὌὍὐὑὒὓὔὕὖὗὙὛὝὟὠὡὢὣὤὥὦὧὨὩὪὫὬὭὮὯὰάὲέὴήὶίὸόὺύὼώᾀᾁᾂᾃᾄᾅᾆᾇᾈᾉᾊᾋᾌᾍᾎᾏᾐᾑᾒᾓᾔᾕᾖᾗᾘᾙᾚᾛᾜᾝᾞᾟᾠᾡᾢᾣᾤᾥᾦᾧᾨᾩᾪᾫᾬᾭᾮᾯᾰᾱᾲᾳᾴᾶᾷᾸᾹᾺΆᾼῂῃῄῆῇῈΈῊΉῌῐῑῒΐῖῗῘῙῚΊῠῡῢΰῤῥῦῧῨῩῪΎῬῲῳῴῶῷῸΌῺΏῼ', c) THEN substr('ααααααααΑΑΑΑΑΑΑΑεεεεεεΕΕΕΕΕΕηηηηηηηηΗΗΗΗΗΗΗΗιιιιιιιιΙΙΙΙΙΙΙΙοοοοοοΟΟΟΟΟΟυυυυυυυυΥΥΥΥωωωωωωωωΩΩΩΩΩΩΩΩααεεηηιιοουυωωααααααααΑΑΑΑΑΑΑΑηηηηηηηηΗΗΗΗΗΗΗΗωωωωωωωωΩΩΩΩΩΩΩΩαααααααΑΑΑΑΑηηηηηΕΕΗΗΗιιιιιιΙΙΙΙυυυυρρυυΥΥΥΥΡωωωωωΟΟΩΩΩ', instr('ἀἁἂἃἄἅἆἇἈἉἊἋἌἍἎἏἐἑἒἓἔἕἘἙἚἛἜἝἠἡἢἣἤἥἦἧἨἩἪἫἬἭἮἯἰἱἲἳἴἵἶἷἸἹἺἻἼἽἾἿὀὁὂὃὄὅὈὉὊὋὌὍὐὑὒὓὔὕὖὗὙὛὝὟὠὡὢὣὤὥὦὧὨὩὪὫὬὭὮὯὰάὲέὴήὶίὸόὺύὼώᾀᾁᾂᾃᾄᾅᾆᾇᾈᾉᾊᾋᾌᾍᾎᾏᾐᾑᾒᾓᾔᾕᾖᾗᾘᾙᾚᾛᾜᾝᾞᾟᾠᾡᾢᾣᾤᾥᾦᾧᾨᾩᾪᾫᾬᾭᾮᾯᾰᾱᾲᾳᾴᾶᾷᾸᾹᾺΆᾼῂῃῄῆῇῈΈῊΉῌῐῑῒΐῖῗῘῙῚΊῠῡῢΰῤῥῦῧῨῩῪΎῬῲῳῴῶῷῸΌῺΏῼ', c), 1) WHEN c BETWEEN 'ก' AND '໿' OR c BETWEEN 'က' AND '႟' OR c BETWEEN 'ᄀ' AND 'ᇿ' OR c BETWEEN 'ក' AND '៿' OR c >= '⺀' THEN ' ' || c || ' ' ELSE c END WHEN c BETWEEN 'ก' AND '໿' OR c BETWEEN 'က' AND '႟' OR c BETWEEN 'ᄀ' AND 'ᇿ' OR c BETWEEN 'ក' AND '៿' OR c >= '⺀' THEN ' ' || c || ' ' ELSE c END, '') FROM (WITH RECURSIVE parts(c, rest) AS (SELECT substr(joined, 1, 1), substr(joined, 2, 4096) UNION ALL SELECT substr(rest, 1, 1), substr(rest, 2) FROM parts WHERE rest <> '') SELECT c FROM parts)) || substr(joined, 4096 + 2) ELSE joined END AS words FROM (SELECT id, coalesce(file_name, '') || char(10) || coalesce(folder, '') || char(10) || coalesce(title, '') || char(10) || coalesce(artist, '') || char(10) || coalesce(album, '') || char(10) || coalesce(genre, '') || char(10) || coalesce(camera, '') || char(10) || coalesce(place, '') || char(10) || coalesce(tags, '') AS joined FROM media_search)

CREATE VIRTUAL TABLE media_fts USING fts5(words, content='media_search_words', content_rowid='id', tokenize="unicode61 remove_diacritics 2 tokenchars 'ัิีึืฺุู็่้๊๋์ํ๎ັິີຶື຺ຸູົຼ່້໊໋໌ໍ໎ါာိီုူေဲဳဴဵံ့း္်ျြွှၖၗၘၙၞၟၠၢၣၤၧၨၩၪၫၬၭၱၲၳၴႂႃႄႅႆႇႈႉႊႋႌႍႏႚႛႜႝᅠᅡᅢᅣᅤᅥᅦᅧᅨᅩᅪᅫᅬᅭᅮᅯᅰᅱᅲᅳᅴᅵᅶᅷᅸᅹᅺᅻᅼᅽᅾᅿᆀᆁᆂᆃᆄᆅᆆᆇᆈᆉᆊᆋᆌᆍᆎᆏᆐᆑᆒᆓᆔᆕᆖᆗᆘᆙᆚᆛᆜᆝᆞᆟᆠᆡᆢᆣᆤᆥᆦᆧᆨᆩᆪᆫᆬᆭᆮᆯᆰᆱᆲᆳᆴᆵᆶᆷᆸᆹᆺᆻᆼᆽᆾᆿᇀᇁᇂᇃᇄᇅᇆᇇᇈᇉᇊᇋᇌᇍᇎᇏᇐᇑᇒᇓᇔᇕᇖᇗᇘᇙᇚᇛᇜᇝᇞᇟᇠᇡᇢᇣᇤᇥᇦᇧᇨᇩᇪᇫᇬᇭᇮᇯᇰᇱᇲᇳᇴᇵᇶᇷᇸᇹᇺᇻᇼᇽᇾᇿ឴឵ាិីឹឺុូួើឿៀេែៃោៅំះៈ៉៊់៌៍៎៏័៑្៓゙゚៝'")

CREATE TRIGGER media_search_row_added AFTER INSERT ON media_search BEGIN INSERT INTO media_fts(rowid, words) SELECT id, words FROM media_search_words WHERE id = NEW.id; END

CREATE TRIGGER media_search_row_changes BEFORE UPDATE ON media_search BEGIN INSERT INTO media_fts(media_fts, rowid, words) SELECT 'delete', id, words FROM media_search_words WHERE id = OLD.id; END

CREATE TRIGGER media_search_row_changed AFTER UPDATE ON media_search BEGIN INSERT INTO media_fts(rowid, words) SELECT id, words FROM media_search_words WHERE id = NEW.id; END

CREATE TRIGGER media_search_row_removed BEFORE DELETE ON media_search BEGIN INSERT INTO media_fts(media_fts, rowid, words) SELECT 'delete', id, words FROM media_search_words WHERE id = OLD.id; END

INSERT INTO media_fts(media_fts) VALUES ('rebuild')
