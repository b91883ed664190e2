from __future__ import annotations

from qsignhub.notifications.languages.words import ByKind, ByLevel, Words

SPANISH = Words(
    code="es",
    subject=ByKind(
        invitation="{account} le pide que firme: {document}",
        reminder="Recordatorio: {account} espera su firma: {document}",
        cancellation="Solicitud retirada: ya no es necesario firmar {document}",
    ),
    heading=ByKind(
        invitation="Se solicita su firma",
        reminder="Recordatorio: se espera su firma",
        cancellation="La solicitud de firma ha sido retirada",
    ),
    greeting="Hola, {name}:",
    opening=ByKind(
        invitation="{account} le pide que firme un documento electrónicamente.",
        reminder="{account} sigue esperando su firma electrónica en este documento.",
        cancellation="{account} ha retirado la solicitud de firma de este documento.",
    ),
    document="Documento",
    signature="Firma",
    level=ByLevel(
        qes="Firma electrónica cualificada (QES)",
        aes="Firma electrónica avanzada (AES)",
        ses="Firma electrónica simple (SES)",
    ),
    open_until="Posible hasta",
    button="Leer y firmar",
    copy_link="Si el botón no funciona, copie esta dirección en su navegador:",
    private_link="Este enlace es solo para usted. Por favor, no reenvíe este mensaje.",
    note=ByKind(
        invitation="{account} le escribe:",
        reminder="{account} le escribe:",
        cancellation="El motivo indicado:",
    ),
    withdrawn="No tiene que hacer nada más. Con el enlace que recibió ya no se puede firmar nada.",
    unexpected=(
        "Si no espera esta solicitud, no abra el enlace: consulte a {account} por un medio que ya conozca."
        " Sin usted no se firma nada."
    ),
    questions="Si tiene preguntas, diríjase a {account} por un medio que ya conozca.",
    automatic="Este mensaje se ha enviado automáticamente. Las respuestas no se leen.",
    sandbox="Una prueba, sin valor jurídico.",
    text=ByKind(
        invitation="{account} le pide que firme «{document}»: {link}",
        reminder="Recordatorio: {account} espera su firma en «{document}»: {link}",
        cancellation="{account} ha retirado «{document}». Ya no hay nada que firmar.",
    ),
    months=(
        *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
        *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
    moment="{day} de {month} de {year}, {time}",
)
