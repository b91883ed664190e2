from __future__ import annotations

from qsignhub.notifications.languages.words import ByKind, ByLevel, Words

ITALIAN = Words(
    code="it",
    subject=ByKind(
        invitation="{account} Le chiede di firmare: {document}",
        reminder="Promemoria: {account} attende la Sua firma: {document}",
        cancellation="Richiesta ritirata: {document} non è più da firmare",
    ),
    heading=ByKind(
        invitation="È richiesta la Sua firma",
        reminder="Promemoria: la Sua firma è attesa",
        cancellation="La richiesta di firma è stata ritirata",
    ),
    greeting="Buongiorno {name},",
    opening=ByKind(
        invitation="{account} Le chiede di firmare un documento elettronicamente.",
        reminder="{account} attende ancora la Sua firma elettronica su questo documento.",
        cancellation="{account} ha ritirato la richiesta di firmare questo documento.",
    ),
    document="Documento",
    signature="Firma",
    level=ByLevel(
        qes="Firma elettronica qualificata (QES)",
        aes="Firma elettronica avanzata (AES)",
        ses="Firma elettronica semplice (SES)",
    ),
    open_until="Possibile fino al",
    button="Leggi e firma",
    copy_link="Se il pulsante non funziona, copi questo indirizzo nel Suo browser:",
    private_link="Questo link è destinato solo a Lei. La preghiamo di non inoltrare questo messaggio.",
    note=ByKind(
        invitation="{account} scrive:",
        reminder="{account} scrive:",
        cancellation="Il motivo indicato:",
    ),
    withdrawn="Non deve fare altro. Con il link che ha ricevuto non si può più firmare nulla.",
    unexpected=(
        "Se non si aspetta questa richiesta, non apra il link: chieda a {account} per una via che conosce"
        " già. Senza di Lei non viene firmato nulla."
    ),
    questions="Per domande si rivolga a {account} per una via che conosce già.",
    automatic="Questo messaggio è stato inviato automaticamente. Le risposte non vengono lette.",
    sandbox="Una prova, senza valore legale.",
    text=ByKind(
        invitation="{account} Le chiede di firmare «{document}»: {link}",
        reminder="Promemoria: {account} attende la Sua firma su «{document}»: {link}",
        cancellation="{account} ha ritirato «{document}». Non c’è più nulla da firmare.",
    ),
    months=(
        *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno"),
        *("luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"),
    ),
    moment="{day} {month} {year}, {time}",
)
