-- Documents and dossiers of the third quarter of 2021 (15 June to 14 September), counted from the
-- segments of the archive: what the forms say of them, where no event contradicts another. What
-- takes the order of a dossier's events, such as which were settled in time, is the fold's to say.
-- Replace SEGMENTS by the directory of the archive.
WITH event AS (
    SELECT * FROM read_parquet('SEGMENTS/segments/*.parquet')
), said AS (
    SELECT * FROM event
    WHERE day BETWEEN DATE '2021-06-15' AND DATE '2021-09-14' AND kind <> 'retracted'
      AND (source, id) NOT IN (SELECT (source, replaces) FROM event WHERE replaces IS NOT NULL)
)
SELECT 'documents.issued', count(*) FROM said
WHERE family = 'document' AND kind = 'issued' AND (unit, subject) NOT IN
    (SELECT (unit, subject) FROM event WHERE family = 'document' AND kind = 'recalled')
UNION ALL
SELECT 'documents.received', count(*) FROM said WHERE family = 'document' AND kind = 'received'
UNION ALL
SELECT 'dossiers.received_online', count(*) FROM said
WHERE family = 'dossier' AND kind = 'accepted' AND dossier_channel = 'ONLINE'
UNION ALL
SELECT 'dossiers.received_other', count(*) FROM said
WHERE family = 'dossier' AND kind = 'accepted' AND dossier_channel <> 'ONLINE'
