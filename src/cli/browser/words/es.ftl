# Spanish. The same messages as in en.ftl, in the same order.
# Words that are kept to: log = bitácora, record = registro, verdict = resultado, answer (encrypted) = resultado cifrado, reply (signed) = respuesta,
# query (encrypted) = consulta, request = solicitud, probe = plantilla consultada, statement = documento firmado, digest = resumen criptográfico.

language = Español

## How dates, numbers and durations are written.

month-1 = enero
month-2 = febrero
month-3 = marzo
month-4 = abril
month-5 = mayo
month-6 = junio
month-7 = julio
month-8 = agosto
month-9 = septiembre
month-10 = octubre
month-11 = noviembre
month-12 = diciembre
date = { $day } de { $month } de { $year }
date-time = { $date }, { $clock } UTC
group-mark = {"\u202F"}
decimal-mark = ,
percent = { $value }{"\u00A0"}%
milliseconds = { $value }{"\u00A0"}ms
seconds = { $value }{"\u00A0"}s
minutes = { $value }{"\u00A0"}min
hours = { $value }{"\u00A0"}h
days = { $count ->
    [one] { $shown } día
   *[other] { $shown } días
}
bytes = { $count ->
    [one] { $shown } byte
   *[other] { $shown } bytes
}

## On every page.

skip = Ir al contenido
menu = Páginas
leave = Cerrar esta sesión
footer = Todo lo que hay en esta página procede de este equipo; nada se carga de otro lugar.
role-querier = consulta (consultante)
role-custodian = responde (custodio)
problem = No se hizo.
remedy = Qué hacer:
and-more = y { $shown } más
interrupted = Se interrumpió. Nada quedó a medias.
missing = No encontrado
missing-text = No hay nada en esta dirección. Quizá se eliminó, o la consola se inició de nuevo.
pages = Más páginas
newest = Más recientes
older = Anteriores
used-of = { $used } de { $limit }
hit = Coincidencia
no-hit = Sin coincidencia

## Coming in.

entry = Consola de cotejo
entry-text = Esta página se abre por sí sola con la dirección que muestra la terminal, que lleva un código de un solo uso. Si su navegador no ejecuta scripts, escriba aquí la parte que sigue a #.
entry-token = Código
entry-open = Abrir
entry-wrong = Este código no es válido, o ya no lo es. La terminal muestra el siguiente.
refused-host = Esta consola responde únicamente en http://{ $host }/.
refused-origin = Esta petición la envió otra página. Fue rechazada.
refused-form = El formulario es demasiado antiguo, o lo envió otra página. Vuelva atrás, cargue la página de nuevo y repita la operación.
refused-session = Esta sesión ha terminado. Abra la dirección que muestra la terminal.

## The menu of the querier.

menu-ask = Consultar
menu-requests = Solicitudes
menu-agreement = Acuerdo
menu-key = Clave
menu-log = Bitácora
menu-evaluation = Evaluación

## The menu of the custodian.

menu-now = Ahora
menu-gallery = Galería
menu-requesters = Solicitantes

## Words that stand in several places.

file = Archivo
shape = Plantilla
records = Registros
persons = Personas
templates = Plantillas
refused = Rechazados
notes = Notas
number = Número
time = Fecha y hora
made = Creada
state = Estado
purpose = Finalidad
justification = Justificación
case-category = Categoría del caso
officer = Funcionario
canaries = Canarios (donantes de prueba)
agreement = Acuerdo
requester = Solicitante
answered = Con resultado
unanswered = Sin resultado
verdict = Resultado
verdicts = Resultados
case = Caso
year = Año
yes = sí
back = Volver
choose = Elija ...
optional = { $name } (opcional)
bits = { $count ->
    [one] { $shown } bit
   *[other] { $shown } bits
}
bits-at-most = Revelado como máximo
under-way = En curso
not-confirmed = No se confirmó, y no se hizo nada.
field-missing = El acuerdo exige este campo: { $name }.
field-no-code = { $name }: escriba solo letras sin tilde ni eñe, cifras, puntos, guiones o guiones bajos, 64 como máximo.
field-no-line = { $name }: escriba una sola línea de 200 bytes como máximo.

## Asking.

ask = Consultar
ask-text = Elija un archivo con las plantillas que consulta, o pegue una sola. El acuerdo exige esta plantilla: { $shape }. El archivo se lee en este proceso y se cifra antes de que se envíe nada.
ask-file = Archivo de plantillas
ask-file-hint = NumPy, CSV, JSON, Parquet, Arrow, fvecs o códigos de iris en base64: un registro por persona, o varios con el identificador de la persona.
ask-pasted = O pegue una plantilla
ask-pasted-hint = Una línea de números separados por comas (los decimales, con punto), o una lista JSON.
ask-more = Más opciones
ask-ids = Identificadores
ask-ids-hint = Un identificador por línea, en el orden de los registros, si el archivo no los contiene.
ask-reference = Solo sobre una persona inscrita
ask-reference-hint = El identificador con el que el custodio inscribió a la persona. Se le comunica al custodio.
ask-skip = Omitir los registros que no dan una plantilla, y consultar los demás
ask-canaries = Son canarios: donantes cuyas referencias inscribió el custodio, para comprobar que se los encuentra
ask-read = Leer
ask-kept = Lo que envíe queda en la memoria de este proceso, nunca en disco, hasta que se consulte o se descarte.
ask-look = Lo que se leyó
ask-what-was-read = Lo que se leyó
ask-about-one = Sobre una sola persona
ask-reasons = Qué se rechazó, y por qué
ask-refused-all = Algunos registros no dan una plantilla. Vuelva atrás y omítalos, o corrija el archivo.
norms = Longitud de los vectores
norms-text = mínima { $least }, mediana { $median }, máxima { $greatest }
ask-record = Lo que dice la solicitud
purpose-hint = Una de las finalidades acordadas.
ask-to-plan = Ver lo que consumirá
ask-drop = Descartar
ask-plan = Antes de enviar
ask-plan-text = Todavía no se ha enviado nada. Esto es lo que consumiría una solicitud a { $custodian }.
ask-cost = Lo que consume
ask-said = Lo que dice la solicitud
ask-send = { $count ->
    [one] Consultar sobre { $shown } persona
   *[other] Consultar sobre { $shown } personas
}
ask-anew = Consultar de nuevo
persons-charged = Personas cargadas a la cuota
sent-and-received = Enviado y recibido
bytes-both-ways = consulta { $query }, resultado cifrado { $answer }; la clave de evaluación, { $key }, solo con la primera solicitud
time-of-match = Duración de la comparación
time-at-most = { $time } en el equipo de referencia, con el máximo acordado de referencias ({ $references }); se añaden la espera y la transmisión
quota-after = Cuotas, con esta solicitud
quota-today = Hoy
quota-year = Este año
quota-hint = Según nuestra propia bitácora. El custodio lleva su propia cuenta, y decide.
quota-today-beyond = Con esta solicitud se superaría la cuota del día: el custodio la rechazará. Consulte sobre menos personas, o mañana.
quota-year-beyond = Con esta solicitud se superaría la cuota del año: el custodio la rechazará.

## Requests.

requests = Solicitudes
requests-caption = Solicitudes, la más reciente primero
requests-total = { $count ->
    [0] Todavía no se ha consultado nada.
    [one] Se hizo { $shown } solicitud.
   *[other] Se hicieron { $shown } solicitudes.
}
requests-unfinished = { $count ->
    [one] { $shown } solicitud no ha terminado.
   *[other] { $shown } solicitudes no han terminado.
}
requests-none = Sin solicitudes
request-number = Solicitud { $number }
request-said = Lo que se consultó
go-on = Continuar
go-on-all = Continuar con todas
going-on = Se continúa con las solicitudes, una tras otra.
state-running = en curso
state-prepared = aún no aceptada
state-accepted = aceptada, aún sin respuesta
state-replied = respondida, aún sin leer
state-told = con resultados guardados
state-done = concluida, sin resultados guardados
state-abandoned = desistida
under-way-hint = Puede cerrar esta página: la solicitud continúa, y la encontrará en Solicitudes. Si se pierde la conexión, se retoma.
progress-begun = Ha comenzado.
progress-match = Tiempo previsto por el custodio: segundo { $done } de { $of }.
progress-other = { $done } de { $of }
ending-waiting = Todavía no hay respuesta. La solicitud se conserva.
ending-refused = El custodio la rechazó. La solicitud se conserva.
ending-unanswered = El custodio respondió sin dar un resultado.
ending-forgotten = No se guardan resultados.
ending-error = Terminó con un error. La solicitud se conserva.
verdicts-caption = Una línea por persona consultada
verdicts-count = { $count ->
    [0] Sin coincidencias; personas consultadas: { $asked }.
    [one] { $hits } coincidencia; personas consultadas: { $asked }.
   *[other] { $hits } coincidencias; personas consultadas: { $asked }.
}
verdicts-none = No se guardan resultados.
disclosed = Revelado además
print = Versión para imprimir
print-text = Imprima esta página con su navegador. El menú y esta nota no aparecen en papel.
printed = Impreso: { $time }.
csv = Tabla (CSV)
forget-verdicts = Borrar los resultados de este equipo
forget-text = Los resultados se eliminan de la base de datos y no se podrán mostrar otra vez. La solicitud, y que fue respondida, siguen en la bitácora.
abandon = Desistir de la solicitud
abandon-text = Nadie la continuará, y sus resultados no se conocerán nunca. Lo que el custodio aceptó sigue cargado a la cuota.
statements = Lo que se firmó
statements-text = Nuestra solicitud, y el acuse de recibo y la respuesta de { $custodian }: cada documento, verificado ahora con la clave de quien lo firmó.
statement-request = Nuestra solicitud
statement-receipt = Acuse de recibo
statement-reply = Respuesta
signature-holds = la firma es válida
signature-fails = la firma no es válida
signature-earlier = firmada con una clave anterior; la verificación de toda la bitácora dirá si era nuestra
reply-number = número { $number }
gallery-version = Versión de la galería

## The agreement.

agreement-text = Lo que ambas partes firmaron, y lo que significa.
picture = Quién tiene qué, y qué se transmite
picture-querier = Consultante
picture-custodian = Custodio
picture-here = este equipo
picture-key = la clave secreta
picture-probes = las plantillas consultadas, sin cifrar
picture-verdicts = los resultados
picture-gallery = la galería, sin cifrar
picture-ids = los identificadores de las personas inscritas
picture-log = quién consultó, cuándo y con qué finalidad
picture-sent = clave de evaluación (una vez), consulta cifrada, solicitud firmada
picture-answered = acuse de recibo firmado, resultado cifrado, respuesta firmada
picture-text = El custodio calcula sobre lo cifrado: no ve ni las plantillas consultadas, ni las puntuaciones, ni los resultados. El consultante descifra los resultados, y no llega a saber nada más de la galería.
agreement-parties = Partes
agreement-parties-text = { $querier } consulta; { $custodian } tiene los registros.
agreement-digest = Resumen criptográfico
agreement-hit = Una coincidencia
agreement-disclosure = Qué llega a saber el consultante
agreement-custodian-learns = Qué llega a saber el custodio
agreement-encryption = Cifrado
agreement-encryption-text = esquema { $scheme }, conjunto de parámetros { $set }, { $bits } bits de seguridad
agreement-exact = En el umbral
agreement-limits = Límites
agreement-limits-text = máximo de referencias en la galería: { $references }; de plantillas en una consulta: { $probes }
agreement-purposes = Finalidades
agreement-required = Exigido en cada solicitud
agreement-quotas = Cuotas
agreement-quotas-text = { $day } plantillas consultadas al día y { $year } al año; los resultados revelan como máximo { $bits } bits sobre una misma versión de la galería
agreement-kept = Se conserva
agreement-kept-text = claves: { $keys }; resultados cifrados: { $answers }; lo que dicen las bitácoras: { $logs }
agreement-full = El texto completo
agreement-full-text = Las frases que se siguen de los términos, a la letra, en inglés.
disclosure-any = Un bit por plantilla consultada: si coincide alguien en los registros.
disclosure-each = Un bit por plantilla consultada y persona inscrita: quién coincide, según su lugar en la galería.
disclosure-count = Cuántas personas inscritas coinciden con cada plantilla consultada.
disclosure-labelled = El número de expediente que usa el custodio para cada persona inscrita que coincide.
custodian-learns = Que se hizo una consulta de cierto tamaño, quién la hizo y con qué finalidad; ni la plantilla, ni una puntuación, ni un resultado.
exact = Los resultados cifrados son iguales a los de la comparación sin cifrar, también en el umbral.
nearly-exact = Los resultados cifrados son iguales a los de la comparación sin cifrar, salvo en los pares próximos al umbral (véase el texto completo).
hit-cosine = El coseno del ángulo entre dos plantillas es { $threshold } o más.
hit-inner-product = El producto interno de dos plantillas es { $threshold } o más.
hit-squared-euclidean = El cuadrado de la distancia entre dos plantillas es { $threshold } o menos.
hit-hamming = Difieren como máximo { $threshold } bits.
hit-fractional-hamming = La fracción de los bits válidos comunes que difieren es menor que { $threshold }, en la mejor de las rotaciones de hasta { $rotations } columnas, y al menos { $common } bits válidos son comunes.

## The key.

key = Clave
key-text = Con esta clave se cifran las consultas y se descifran los resultados. Nunca sale de este equipo.
key-now = Clave actual
key-name = Nombre
key-made = Creada
key-age = Antigüedad
key-due = Debe sustituirse
key-due-text = a más tardar el { $date }; tiempo restante: { $days }
key-set = Esquema y conjunto de parámetros
key-over = El plazo acordado de esta clave venció: el custodio la rechaza. Cree una nueva.
key-before = Claves anteriores
key-before-text = Se conservan mientras se espere un resultado que las necesite, y después se eliminan.
key-until = a más tardar hasta el { $date }
key-rotate = Crear una clave nueva
key-rotate-text = Una clave se usa durante { $days } como máximo. Crear una nueva tarda unos segundos; su clave de evaluación se envía al custodio con la siguiente solicitud. Lo que espera un resultado con la clave anterior todavía se podrá leer; los resultados guardados siguen siendo legibles.
key-rotate-sure = Crear una clave nueva, y eliminar la anterior cuando ya nada dependa de ella
key-rotate-do = Crear una clave nueva
key-rotating = Se está creando una clave.
key-rotated = Se creó una clave nueva. Se usa desde ahora.

## The log.

log = Bitácora
log-text = Lo que esta parte hizo y recibió; cada entrada está firmada y encadenada a la anterior.
log-whole = La bitácora en conjunto
log-unchecked = No se ha verificado desde que se inició esta consola.
log-check = Verificar ahora toda la bitácora
log-checking = Se está verificando la bitácora.
log-sound = La bitácora está tal como se escribió: cadena, firmas, los documentos que contiene, cuotas y plazos.
log-findings = { $count ->
    [one] { $shown } hallazgo
   *[other] { $shown } hallazgos
}
log-entries = Entradas
log-erased = Contenidos borrados
log-head = Cabeza
log-head-hint = Anote la cabeza en otro lugar: una bitácora que después se recorte o se reescriba no la contiene.
log-what = Qué ocurrió
log-holds = Integridad
log-empty = No hay nada en la bitácora.
log-entry = Entrada { $number }
log-hash = Hash
log-content-digest = Resumen criptográfico del contenido
log-signature = Firma
log-content = Contenido, tal como consta
entry-holds = encadenada y firmada
entry-broken = alterada, esta o la anterior
log-years = Cifras por año
log-years-text = Lo que preguntaría un parlamento: cuántas veces, quién, con qué finalidad y cómo terminó.
log-years-unsound = La bitácora no está como debería: estas cifras pueden ser erróneas. Verifíquela.
per-year = { $what } por año
year-usage = Por solicitante y finalidad
year-refusals = Días con rechazos
year-breaker = Activaciones del interruptor de emergencia
year-erased = Contenidos borrados
year-incomplete = { $count ->
    [one] Se borró el contenido de { $shown } entrada de este año: las cifras son demasiado bajas.
   *[other] Se borró el contenido de { $shown } entradas de este año: las cifras son demasiado bajas.
}
log-compare = Comparar con la bitácora de la otra parte
compare-text = La bitácora de cada parte contiene los documentos firmados de la otra. Puestas una al lado de la otra, muestran lo que una de ellas perdió, alteró o retuvo.
compare-whose = De quién es la bitácora
compare-file = La bitácora de la otra parte
compare-file-hint = Tal como la exportó: Bitácora, Exportar la bitácora.
compare-found = Lo que se halló
compare-agree = Las bitácoras concuerdan.
compare-same = Documentos firmados en ambas
compare-excused = Borrados en una por antigüedad
log-export-csv = Exportar las solicitudes (CSV)
log-export-log = Exportar la bitácora
event-opened = Comienza la bitácora
event-registered = Clave de otra parte
event-succession = Desde aquí firma otra clave
event-key-admitted = Claves admitidas
event-request = Solicitud
event-receipt = Acuse de recibo
event-reply = Respuesta
event-acknowledgement = La respuesta llegó
event-abandoned = Desistimiento
event-refused = Rechazo
event-canaries = Canarios hallados
event-deleted = Consulta y resultado, cifrados, eliminados
event-gallery = Versión de la galería (personas)
event-exempt = Personas exentas
event-breaker-pulled = Interruptor de emergencia activado
event-breaker-reset = Interruptor de emergencia restablecido
event-operator-registered = Alta de operador
event-operator-removed = Baja de operador
event-diverged = Se mostró una bitácora distinta de la anterior
event-trusted = Se continuó desde otra cabeza
event-clock = Se corrigió el reloj
event-erased = Contenidos borrados
event-was-erased = borrado

## Evaluation.

evaluation = Evaluación
evaluation-text = ¿Con qué frecuencia este acuerdo señalaría a la persona equivocada, o no reconocería a la correcta? Se mide con plantillas etiquetadas que usted mismo tiene. Nada se envía a nadie: este proceso hace de ambas partes, con claves que se desechan.
evaluation-labelled = Qué significa etiquetadas:
evaluation-labelled-text = cada plantilla lleva el identificador de la persona a la que pertenece, en su archivo o en un archivo de identificadores aparte, y de algunas personas hay dos plantillas o más, con el mismo identificador. Sin identificadores no puede evaluarse nada, pues el número de una fila no es una persona.
evaluation-last = La última evaluación se conserva hasta que se inicie otra.
evaluation-busy = Hay una evaluación en curso. Deténgala, o espere a que termine, antes de iniciar otra.
evaluation-see = Verla
evaluation-agreement-hint = Según cuál de los acuerdos de esta parte se comparan las plantillas.
evaluation-probes = Plantillas consultadas
evaluation-probes-file = Archivo de plantillas consultadas
evaluation-probes-ids = Identificadores de las plantillas consultadas (opcional)
evaluation-references = Referencias
evaluation-references-file = Archivo de referencias (opcional)
evaluation-references-ids = Identificadores de las referencias (opcional)
evaluation-file-hint = NumPy, CSV, JSON, Parquet, Arrow, fvecs o códigos de iris en base64, con la forma acordada.
evaluation-references-hint = Sin él, las plantillas consultadas se comparan entre sí.
evaluation-ids-hint = Un identificador por línea, en el orden de las plantillas, si el archivo de plantillas no los tiene; los de NumPy no los tienen.
evaluation-target = Tasa de falsas coincidencias deseada
evaluation-target-hint = Opcional: se propone un umbral para ella. Entre 0 y 1; por ejemplo, 0,001.
evaluation-pairs = Pares que se deciden también bajo cifrado
evaluation-pairs-hint = Muestran si el cifrado cambia alguna decisión. Cada uno lleva tiempo: ninguno es lo más rápido, y las fórmulas del ruido predicen lo mismo.
evaluation-so-many = { $count ->
    [0] ninguno
   *[other] unos { $shown }
}
evaluation-seed = Semilla
evaluation-seed-hint = De la selección, los intervalos y las claves: la misma semilla da la misma ficha.
evaluation-begin = Evaluar
evaluation-kept = Lo que usted envía queda en la memoria de este proceso, en ningún disco, y se libera en cuanto se ha leído. La ficha se conserva hasta que se inicie otra evaluación o se descarte.
evaluation-asked = Qué se evalúa
evaluation-compared = Se compara
evaluation-one-set = un conjunto consigo mismo
evaluation-two-sets = plantillas consultadas con referencias
evaluation-stop = Detener
evaluation-stopping = Termina en el próximo paso.
evaluation-step-read = Se leen las plantillas.
evaluation-step-compare = Se comparan todos los pares sin cifrar; plantillas consultadas:
evaluation-step-rates = Se calculan las tasas de error y sus intervalos.
evaluation-step-intervals = Se calculan los intervalos en cada umbral; réplicas:
evaluation-step-encrypted = Se deciden pares bajo cifrado; plantillas consultadas:
evaluation-decided-so-far = Hasta ahora se han decidido bajo cifrado { $pairs } de { $of } pares, { $changed } de ellos de otro modo que sin cifrar.
evaluation-anew = Evaluar otros archivos
evaluation-drop = Descartar esta evaluación
evaluation-lead = { $hit } Con este umbral coinciden por error { $fmr } de las comparaciones de dos personas, y no se reconocen { $fnmr } de las comparaciones de una misma persona.
evaluation-lead-flips = Se espera que el cifrado cambie { $flips } de { $pairs } decisiones, todas ellas cercanas al umbral.
evaluation-move = Mover el umbral
evaluation-html = Página (HTML)
evaluation-json = Documento (JSON)
evaluation-downloads = La página no depende de nada más, está en inglés y nombra los registros solo por su número. El documento lo contiene todo, también identificadores de personas sobre las que cambió una decisión.
evaluation-remarks = Lo que debe saber quien lo lea:
evaluation-data = Datos
evaluation-failures = Fallos de registro
evaluation-refused = { $refused } plantillas rechazadas: { $rate }
evaluation-genuine = Pares de una misma persona
evaluation-impostor = Pares de dos personas
evaluation-gallery = Referencias que recorre una búsqueda
evaluation-rates = Tasas de error
evaluation-rates-caption = De todos los pares, con intervalos del 95 % entre corchetes
evaluation-float = Puntuaciones leídas
evaluation-oracle = Enteros, sin cifrar
evaluation-predicted = Bajo cifrado, según la predicción
evaluation-words = Qué son estas tasas
evaluation-words-text = FMR: de las comparaciones de dos personas, cuántas coinciden. FNMR: de las comparaciones de una misma persona, cuántas no coinciden. EER: donde ambas son iguales. FPIR: de las búsquedas, cuántas señalan a otra persona. FNIR: de las búsquedas de alguien que está registrado, cuántas no lo encuentran. Los términos siguen la norma ISO/IEC 19795-1. Los intervalos son los más anchos entre los de Clopper y Pearson y los que tienen en cuenta que los pares de una persona dependen unos de otros. Donde los datos no bastan para mostrar una tasa, se dice cuántos hacen falta (regla de tres).
evaluation-rate = { $rate } [{ $low }; { $high }]
evaluation-at = { $rate } en { $threshold }
evaluation-fmr = FMR en el umbral acordado
evaluation-fnmr = FNMR en el umbral acordado
evaluation-eer = EER
evaluation-at-fmr = FNMR con una FMR de { $target }
evaluation-fpir = FPIR en el umbral acordado
evaluation-fnir = FNIR en el umbral acordado
evaluation-at-fpir = FNIR con una FPIR de { $target }
evaluation-no-mates = no hay ninguna búsqueda así
evaluation-needs-pairs = hacen falta { $needed } pares de dos personas
evaluation-needs-searches = hacen falta { $needed } búsquedas
evaluation-proposal = Para una tasa de falsas coincidencias de { $target } como máximo: un umbral de { $threshold }. Allí se observa: FMR { $fmr }, FNMR { $fnmr }.
evaluation-proposal-unsupported = { $pairs } pares de dos personas son demasiado pocos para mostrar una tasa de falsas coincidencias de { $target }: hacen falta al menos { $needed }. El umbral más estricto que sugieren es { $threshold }.
evaluation-proposal-none = Ningún umbral que pueda figurar en un acuerdo mantiene una tasa de falsas coincidencias de { $target } con estos datos.
evaluation-encrypted = ¿Cambia el cifrado alguna decisión?
evaluation-gray-zone = { $pairs } de { $all } pares están tan cerca del umbral que el ruido los cambia más de una vez en un millón. El ruido desplaza una puntuación en { $deviation } (una desviación típica).
evaluation-rounding = El redondeo a enteros decide { $pairs } de { $all } pares de otro modo que las puntuaciones leídas.
evaluation-not-encrypted = No se decidió ningún par bajo cifrado: lo que se dice de él lo predicen las fórmulas del ruido.
evaluation-decided = { $pairs } pares de { $probes } plantillas consultadas se decidieron en intercambios reales, { $changed } de ellos de otro modo que sin cifrar: { $rate }. La predicción era { $predicted } ± { $deviation }.
evaluation-same-pairs = Los pares decididos bajo cifrado, junto a los mismos pares sin cifrar
evaluation-clear = Sin cifrar
evaluation-under-encryption = Bajo cifrado
evaluation-no-such-pair = no hay ningún par así
evaluation-plots = Puntuaciones y umbrales
evaluation-threshold = Umbral
evaluation-threshold-text = El punto en que comienza una coincidencia decide cómo se reparten los errores: un umbral laxo señala a más personas equivocadas, uno estricto deja sin reconocer a más personas correctas. Las tasas son las de los enteros que se cifran, comparados sin cifrar.
evaluation-slider = Umbral, de laxo a estricto
evaluation-slider-hint = Muévalo con el ratón o con las teclas de flecha; las tasas se indican más abajo. Las posiciones están más juntas donde las tasas son pequeñas.
evaluation-lax = laxo
evaluation-strict = estricto
evaluation-read = Leer aquí las tasas
evaluation-use = Usar en un nuevo acuerdo
evaluation-here = En este umbral
evaluation-here-text = Con intervalos del 95 % entre corchetes. Los de las búsquedas las consideran independientes entre sí.
evaluation-agreed = Es el umbral acordado.
evaluation-fmr-counted = { $errors } de { $trials } pares de dos personas coinciden
evaluation-fnmr-counted = { $errors } de { $trials } pares de una misma persona no se reconocen
evaluation-fpir-counted = { $errors } de { $trials } búsquedas señalan a otra persona
evaluation-fnir-counted = { $errors } de { $trials } búsquedas de alguien que está registrado no lo encuentran
evaluation-new-agreement = Nuevo acuerdo
evaluation-same-agreement = Este es el umbral acordado: estos son los términos que ambas partes tienen.
evaluation-both-parties = Esto es una propuesta. Solo surte efecto cuando ambas partes tienen este archivo y lo usan en lugar del actual. Hasta entonces ambas siguen con el acuerdo actual. Las claves y las galerías están ligadas a sus términos: con los nuevos hay que generar otra clave y volver a registrar la galería.
evaluation-digests = Dos acuerdos se distinguen por su resumen criptográfico
evaluation-digests-text = El resumen criptográfico es distinto, de modo que nada hecho según uno se acepta según el otro. Compare el nuevo con la otra parte antes de usarlo.
evaluation-digest-now = Acordado ahora
evaluation-digest-new = Con este umbral
evaluation-strangers = Con este umbral coinciden entre sí { $share } de las plantillas al azar, y las de personas reales sin relación lo hacen con más frecuencia: una búsqueda señalaría a alguien para casi cualquiera.
evaluation-download-agreement = Descargar agreement.toml
evaluation-other-threshold = Elegir otro umbral
plot-histogram = Puntuaciones de los enteros que se cifran, como proporción de los pares de cada clase.
plot-trade-off = Curva DET: FNMR frente a FMR, en ejes de desviación normal, en los que las tasas 0 y 1 no tienen lugar.
plot-trade-off-here = Curva DET: FNMR frente a FMR, en ejes de desviación normal. Las tasas 0 y 1, que no tienen lugar en ellos, se dibujan en sus bordes.
plot-receiver = Curva ROC: tasa de coincidencias verdaderas frente a FMR, en un eje logarítmico, en el que 0 no tiene lugar.
plot-rates = Ambas tasas de error de los enteros frente al umbral; una tasa de 0 no tiene lugar en el eje.
plot-flips = Con qué frecuencia cambian las decisiones según su distancia al umbral: lo medido junto a lo predicho.
plot-score = puntuación ({ $metric })
plot-threshold-at = umbral { $threshold }
plot-share-of-pairs = pares, en tanto por ciento
plot-gray-zone = zona gris, seis desviaciones a cada lado
plot-measured = bajo cifrado, medido
plot-equal = tasas de error iguales
plot-true-matches = coincidencias verdaderas, 1 − FNMR
plot-threshold = umbral
plot-rate = tasa
plot-distance = distancia al umbral, en desviaciones
plot-share-of-flips = decisiones que cambian
plot-predicted = predicho
plot-predicted-here = predicho para estos pares
plot-measured-interval = medido, con intervalo del 95 %
plot-here = umbral elegido
plot-here-fmr = FMR { $rate }
plot-here-fnmr = FNMR { $rate }

## The custodian's pages.

now = Ahora
look-again = Mirar de nuevo
reason = Motivo
id = Identificador
references = Referencias
handle = Número de expediente
handles = Números de expediente
version = Versión
root = Raíz
ends-good = hasta el { $date }: quedan { $days }
ends-soon = termina pronto, el { $date }: quedan { $days }
ends-over = terminó el { $date }
ends-unknown = no se sabe: la configuración indica una huella, o el archivo no puede leerse
seconds-whole = { $count ->
    [one] { $shown } segundo
   *[other] { $shown } segundos
}
breaker = Interruptor de emergencia
breaker-on = Activado: no se acepta ninguna solicitud
breaker-off = Sin activar: se aceptan solicitudes
breaker-text = Si lo activa, el servidor no acepta ninguna solicitud desde ese momento. Lo que se aceptó antes todavía se responde.
breaker-pulled-text = Lo que se aceptó antes todavía se responde. Si lo restablece, vuelven a aceptarse solicitudes.
breaker-since = Desde
breaker-reason-hint = Queda escrito en la bitácora, y se comunica a los solicitantes mientras el interruptor esté activado. No nombre a ninguna persona.
breaker-reason-missing = No se cambió nada: indique el motivo.
breaker-reason-wrong = No se cambió nada: escriba el motivo en una sola línea de 200 bytes como máximo.
breaker-pull = Activar el interruptor
breaker-reset = Restablecer el interruptor
breaker-by = Se ordena como operador { $operator }, con la clave propia de ese operador, y lo ejecuta el servidor en marcha.
breaker-operators = Hay operadores registrados con claves propias: uno de ellos tiene que ordenarlo. Este es el comando que debe escribirse:
breaker-operators-hint = O inicie esta consola con --operator NAME --key FILE: entonces puede ordenarse desde aquí.
breaker-elsewhere = El interruptor se cambió en otro lugar. Cargue de nuevo esta página para cambiarlo.
now-seen = Según la base de datos, { $time }. Esta parte se renueva cada cinco segundos.
queue = Cola
queue-count = { $count ->
    [0] No espera ninguna solicitud.
    [one] Espera { $shown } solicitud.
   *[other] Esperan { $shown } solicitudes.
}
queue-caption = Solicitudes en espera, primero la más antigua
queue-since = Aceptada
today = Hoy
today-none = Hoy no se aceptó ninguna solicitud.
today-caption = Aceptadas el { $day } (UTC), por solicitante y finalidad
today-waiting = En espera
today-hint = Nadie puede saber aquí qué resultó de una solicitud: solo quien la hizo puede leer los resultados.
accounts = Lo que han consumido los solicitantes
accounts-none = Nadie puede preguntar.
accounts-hint = Los bits cuentan, como máximo, lo que los resultados cifrados pudieron revelar de las personas de la galería, también cuando estaban en versiones anteriores. Al llegar a un límite, las solicitudes se rechazan.
account-today = Plantillas consultadas hoy
account-year = Plantillas consultadas este año
account-bits = Bits sobre las personas de la galería
account-refused = { $count ->
    [0] Hoy no se rechazó ninguna solicitud.
    [one] Hoy se rechazó { $shown } solicitud.
   *[other] Hoy se rechazaron { $shown } solicitudes.
}
health = Estado del equipo y del servidor
health-look = Mirar si todo está en orden
health-seen = Comprobado: { $time }.
health-server = El servidor en marcha
health-server-ready = preparado
health-server-unready = no acepta solicitudes:
health-server-silent = no se alcanza:
health-server-unnamed = no se sabe: la configuración no indica ningún puerto de operaciones
health-database = Base de datos
health-database-file = un archivo, y puede leerse
health-database-server = en un servidor, y puede leerse
health-database-disk = Disco de la base de datos
health-disk-of-gallery = Disco de la galería
health-gallery-disk = Disco de la galería: { $title }
health-disk-free = { $free } libres
health-disk-unknown = no se sabe
health-clock = Reloj
health-clock-good = concuerda con la bitácora
health-clock-bad = no concuerda con la bitácora:
health-own-certificate = Nuestro certificado
health-certificates = Certificados de los solicitantes
health-certificate-of = Certificado de { $requester }
gallery-text = Las galerías de los acuerdos que se sirven.
gallery-none = No se sirve ningún acuerdo.
served = En servicio
served-none = Todavía no se ha servido ninguna versión.
served-since = Desde
served-hint = La última versión que tomó el servidor. Si está en marcha, toma un archivo cambiado en un segundo, aproximadamente.
root-unknown = sin calcular: lo hace cotejo gallery root
file-now = El archivo ahora
file-busy = El archivo se está leyendo o cambiando en este momento. Mire de nuevo.
file-differs = El archivo no es lo que se sirve: se cambió después, o el servidor no está en marcha.
file-torn = Los últimos { $bytes } del archivo son de una ampliación que se interrumpió. El servidor no lo toma: restaure la galería a partir de una copia.
file-version = Versión, como la nombran los resultados cifrados
removed = Retiradas, y todavía en el archivo
exempt = Personas exentas
exempt-used = { $count ->
    [0] Nadie está exento, según la última lista que usó el servidor.
    [one] { $shown } persona está exenta, según la última lista que usó el servidor.
   *[other] { $shown } personas están exentas, según la última lista que usó el servidor.
}
exempt-now = { $count ->
    [0] Nadie figura en la lista tal como está ahora el archivo.
    [one] { $shown } persona figura en la lista tal como está ahora el archivo.
   *[other] { $shown } personas figuran en la lista tal como está ahora el archivo.
}
exempt-no-list = No hay ninguna lista configurada.
exempt-hint = Una persona exenta nunca coincide. Quiénes son no figura en ninguna página: busque un identificador.
exempt-unknown = Este identificador está en la lista de personas exentas y no está inscrito: no protege a nadie. ¿Está escrito de otro modo en la galería?
search = ¿Está inscrita una persona?
search-hint = El identificador, tal como está inscrito. No queda en ninguna dirección ni en la bitácora.
search-do = Buscar
search-likely = Está inscrito { $id }, que se le parece.
is-enrolled = inscrita
is-not-enrolled = no inscrita
is-exempt = exenta: nunca coincide
is-not-exempt = no exenta
place = Lugar
place-hint = El lugar es el del archivo tal como está ahora, contado desde 1. En otra versión el mismo lugar puede ser de otra persona.
versions = Versiones que se sirvieron
versions-none = Todavía no se ha servido ninguna versión.
versions-caption = Versiones, primero la última
append = Inscribir más plantillas
append-of = Inscribir más plantillas: { $title }
append-text = Elija un archivo de plantillas. El acuerdo pide esta plantilla: { $shape }. Se le muestra qué cambiaría antes de que se escriba nada.
append-file = Archivo de plantillas
append-file-hint = NumPy, CSV, JSON, Parquet, Arrow, fvecs o códigos de iris en base64: un registro por referencia, con el identificador de la persona.
append-ids = Identificadores
append-ids-hint = Un identificador por línea, en el orden de los registros, si el archivo no los tiene.
append-handles = Dónde están los números de expediente
append-handles-hint = El nombre de la columna, campo o matriz con el número de expediente de cada persona. Una coincidencia lo revela.
append-enrolled = De quien ya está inscrito
append-further = lo que llega son más referencias
append-replace = lo que llega sustituye todas las referencias
append-skip = Omitir los registros rechazados, e inscribir los demás
append-kept = Lo que envía permanece en la memoria de este proceso hasta que se escribe o se descarta.
append-what = El cambio
append-new = Personas nuevas
append-more = Personas que reciben más referencias
append-replaced = Personas cuyas referencias se sustituyen
append-unchanged = Personas de las que llega lo que ya tienen
append-references = Referencias que se escriben
append-failed = De calidad insuficiente (no inscribibles)
append-room = Referencias después
append-earlier = { $id }: tiene { $has }, y recibe { $comes } más
append-instead = { $id }: tiene { $has }, y recibe { $comes } en su lugar
append-refused = Qué se rechaza, y por qué
append-refused-all = Algunos registros se rechazan. Vuelva atrás y omítalos, o corrija el archivo.
append-do = { $count ->
    [one] Inscribir las plantillas de { $shown } persona
   *[other] Inscribir las plantillas de { $shown } personas
}
remove = Retirar personas
remove-of = Retirar personas: { $title }
remove-text = Indique las personas que ya no han de estar inscritas. Se le muestra qué tiene cada una antes de que se escriba nada.
remove-ids = Identificadores
remove-ids-hint = Un identificador por línea, tal como están inscritos.
remove-file = O una lista
remove-file-hint = Un archivo con un identificador por línea.
remove-unknown = { $count ->
    [one] { $shown } identificador no está inscrito.
   *[other] { $shown } identificadores no están inscritos.
}
remove-unknown-text = No se puede retirar a nadie hasta que estos se omitan o se corrijan.
remove-whom = A quién se retiraría
remove-caption = Personas: { $persons }; referencias: { $references }
remove-exempt = { $count ->
    [one] { $shown } de ellas está en la lista de personas exentas. Quite también ese identificador de la lista: un servidor no se inicia con un identificador exento que no está inscrito.
   *[other] { $shown } de ellas están en la lista de personas exentas. Quite también esos identificadores de la lista: un servidor no se inicia con identificadores exentos que no están inscritos.
}
remove-do = { $count ->
    [one] Retirar { $shown } persona
   *[other] Retirar { $shown } personas
}
change-show = Mostrar qué cambiaría
change-shown = Todavía no se ha escrito nada. Esto es lo que cambiaría.
change-confirm = Hacerlo
change-waits = Una vez confirmado, espera { $grace } en esta consola, y hasta entonces puede descartarse. Si la consola termina entretanto, no se escribió nada.
change-at-once = Una vez confirmado, se escribe de inmediato: esta consola se inició sin tiempo de espera.
change-undo-later = Una vez escrito, puede deshacerse hasta que el servidor lo sirva: durante un segundo, aproximadamente, si está en marcha.
change-undo-never = Una vez escrito, no puede deshacerse aquí: personas ya inscritas reciben más referencias u otras, y el archivo no tiene ningún paso que quite referencias sueltas a una persona ni que devuelva lo sustituido.
change-drop = Descartar
change-undo = Deshacer
change-nothing = No cambiaría nada.
change-cannot = No hay nada que pueda hacerse.
change-other = Hay otro cambio de esta galería en curso. Espere a que termine, y mire este de nuevo.
change-countdown = { $count ->
    [one] Se escribe dentro de { $shown } segundo.
   *[other] Se escribe dentro de { $shown } segundos.
}
change-waiting-hint = Todavía no se ha escrito nada. Puede cerrar esta página. Si la consola termina, no se escribió nada.
change-writing = Se está escribiendo.
change-done = Hecho
change-done-text = Se escribió: { $time }.
change-data-stay = Los datos de quien fue retirado o sustituido permanecen en el archivo, sin uso, hasta cotejo gallery compact.
change-dropped = Se descartó. No se escribió nada.
change-undone = Se deshizo. El archivo tiene ahora otra versión, con las mismas personas que antes.
change-to-gallery = A la galería
change-look = Mirarlo
change-is-dropped = El último cambio se descartó; no se escribió nada.
change-is-waiting = Un cambio se confirmó, y todavía no está escrito.
change-is-written-now = Se está escribiendo un cambio.
change-is-written = Se escribió un cambio.
change-is-undone = El último cambio se deshizo.
undo-offered = Cuando se hizo esta página todavía no estaba en servicio: mientras no lo esté, puede deshacerse.
undo-impossible = No puede deshacerse aquí: cambió las referencias de personas ya inscritas.
undo-otherwise = No puede deshacerse aquí: no hizo lo que se mostró, porque alguien más cambió la galería en el mismo momento.
undo-served = El servidor ya busca en ella: no puede deshacerse. Haga otro cambio.
undo-changed = La galería se cambió de nuevo después: no puede deshacerse. Haga otro cambio.
requesters = Solicitantes
requesters-text = Quiénes pueden preguntar, según la configuración cuando se inició esta consola, con sus certificados según los archivos de ahora.
requesters-none = Nadie puede preguntar.
certificate = Huella del certificado (SHA-256)
certificate-until = Certificado
signing-key = Clave pública de firma
signed-once = Los documentos se firman solo con esta clave.
signed-twice = Los documentos deben firmarse además con ML-DSA.
keys = Claves de evaluación depositadas aquí
keys-none = No se depositó ninguna clave de evaluación bajo este acuerdo.
key-admitted = Admitida
key-until-when = Hasta
key-expired = terminada: se rechaza
key-in-use = en uso
