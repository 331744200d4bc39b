"""The scenes of the demonstration wire. Every place, person, team and event in them is invented."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scene:
    """One headline and what becomes of it. Seconds count from the moment it appears."""

    text: str
    urgency: str = "routine"
    section: str = ""
    then: str = ""  # what it says later on
    note: str = ""  # the correction's note, where the later text corrects the first
    kill: str = ""  # why it is withdrawn
    embargo: int = 0  # s that it is kept back
    life: int = 0  # s until it has outlived itself; 0: as long as the others


def _s(text: str, section: str = "", urgency: str = "routine", **more: str | int) -> Scene:
    return Scene(text, urgency, section, **more)  # type: ignore[arg-type]


ENGLISH = (
    _s("Port Averin reopens to ferries after two days of storm winds", "Transport"),
    _s("Corvalia's central bank leaves its key rate at 3.25 percent", "Economy", "bulletin"),
    _s("Mara Ovell elected president of Corvalia in second round", "Politics", "flash",
       then="Mara Ovell elected president of Corvalia with 52.4 percent of the vote"),
    _s("Night trains between Vantry and Sorrel Lake return in spring", "Transport"),
    _s("Rescuers bring all 14 hikers safely down from Mount Coldharrow", "World", "urgent"),
    _s("Averin council votes to keep the old fish market open", "Politics"),
    _s("Lisan United reach the Harbour Cup final after extra time", "Sport",
       then="Lisan United reach the Harbour Cup final, winning 3-2 after extra time"),
    _s("Tremor of magnitude 4.1 felt in the Tamrin valley, no damage known", "World", "urgent"),
    _s("Vantry museum shows letters of the lighthouse painter for the first time", "Culture"),
    _s("Bakers in Averin report the best olive harvest in eleven years", "Economy"),
    _s("Water is safe to drink again in all districts of Vantry", "Health", "bulletin"),
    _s("Corvalia and the Merrow Islands sign fishing agreement", "World",
       then="Corvalia and the Merrow Islands sign fishing agreement for six years",
       note="An earlier version said the agreement runs for ten years; it runs for six."),
    _s("Sorrel Lake observatory sees a comet with two tails", "Science"),
    _s("Fire at a paper warehouse in Vantry is under control", "World", "urgent",
       then="Fire at a paper warehouse in Vantry is out, nobody hurt"),
    _s("Teachers in the Tamrin valley end their strike", "Politics", "bulletin"),
    _s("Unconfirmed: airport of Averin closed, report number {cycle}", "Transport", "urgent",
       kill="The airport was open all day; the report was wrong."),
    _s("Ana Brannick breaks the national record over 800 metres", "Sport"),
    _s("Averin's trams run free of charge this weekend", "Transport", life=180),
    _s("Unemployment in Corvalia falls to 5.8 percent", "Economy", "bulletin", embargo=60),
    _s("Choir of 900 opens the summer festival at Sorrel Lake", "Culture"),
    _s("Coast guard tows the freighter Anouk to the port of Merrow", "World"),
    _s("New bridge over the Lisan carries its first cars", "Transport"),
    _s("Doctors in Vantry treat first patients in the new burns clinic", "Health"),
    _s("Storm warning for the coast between Averin and Merrow", "Weather", "urgent", life=240),
    _s("Parliament in Vantry passes the budget after a night of debate", "Politics", "bulletin"),
    _s("Researchers find a beetle long thought lost on Mount Coldharrow", "Science"),
    _s("Harbour Cup: Vantry Rovers will face Lisan United on Sunday", "Sport"),
    _s("Power back in the north of Averin after three hours", "World",
       then="Power back in the whole of Averin after three hours"),
    _s("Schools in the Tamrin valley try a later start to the day", "Education"),
    _s("Novel by Teo Marrack wins the Lantern Prize", "Culture"),
)  # fmt: skip

ARABIC = (
    _s("ميناء أفيرين يستأنف رحلات العبّارات بعد يومين من العواصف", "نقل"),
    _s("البنك المركزي في كورفاليا يبقي سعر الفائدة عند 3.25 في المئة", "اقتصاد", "bulletin"),
    _s("انتخاب مارا أوفيل رئيسة لكورفاليا في الجولة الثانية", "سياسة", "flash",
       then="انتخاب مارا أوفيل رئيسة لكورفاليا بنسبة 52.4 في المئة من الأصوات"),
    _s("القطارات الليلية بين فانتري وبحيرة سوريل تعود في الربيع", "نقل"),
    _s("فرق الإنقاذ تعيد 14 متنزهاً سالمين من جبل كولدهارو", "العالم", "urgent"),
    _s("مجلس مدينة أفيرين يصوّت لإبقاء سوق السمك القديم مفتوحاً", "سياسة"),
    _s("ليسان يونايتد يبلغ نهائي كأس الميناء بعد وقت إضافي", "رياضة",
       then="ليسان يونايتد يبلغ نهائي كأس الميناء بفوزه 3-2 بعد وقت إضافي"),
    _s("هزة بقوة 4.1 درجات في وادي تمرين ولا أنباء عن أضرار", "العالم", "urgent"),
    _s("متحف فانتري يعرض رسائل رسّام المنارة للمرة الأولى", "ثقافة"),
    _s("مزارعو أفيرين يعلنون أفضل موسم زيتون منذ أحد عشر عاماً", "اقتصاد"),
    _s("مياه الشرب آمنة من جديد في جميع أحياء فانتري", "صحة", "bulletin"),
    _s("كورفاليا وجزر ميرو توقّعان اتفاقاً للصيد البحري", "العالم",
       then="كورفاليا وجزر ميرو توقّعان اتفاقاً للصيد البحري مدته ست سنوات",
       note="ذكرت نسخة سابقة أن مدة الاتفاق عشر سنوات، والصحيح ست سنوات."),
    _s("مرصد بحيرة سوريل يرصد مذنّباً بذيلين", "علوم"),
    _s("السيطرة على حريق في مستودع للورق في فانتري", "العالم", "urgent",
       then="إخماد حريق مستودع الورق في فانتري من دون إصابات"),
    _s("معلمو وادي تمرين ينهون إضرابهم", "سياسة", "bulletin"),
    _s("غير مؤكد: إغلاق مطار أفيرين، البلاغ رقم {cycle}", "نقل", "urgent",
       kill="المطار كان مفتوحاً طوال اليوم، والبلاغ غير صحيح."),
    _s("آنا برانيك تحطم الرقم الوطني في سباق 800 متر", "رياضة"),
    _s("ترام أفيرين مجاني في عطلة نهاية الأسبوع", "نقل", life=180),
    _s("البطالة في كورفاليا تتراجع إلى 5.8 في المئة", "اقتصاد", "bulletin", embargo=60),
    _s("جوقة من 900 منشد تفتتح مهرجان الصيف عند بحيرة سوريل", "ثقافة"),
    _s("خفر السواحل يقطر سفينة الشحن «أنوك» إلى ميناء ميرو", "العالم"),
    _s("أولى السيارات تعبر الجسر الجديد فوق نهر ليسان", "نقل"),
    _s("أطباء فانتري يستقبلون أول المرضى في عيادة الحروق الجديدة", "صحة"),
    _s("تحذير من عاصفة على الساحل بين أفيرين وميرو", "طقس", "urgent", life=240),
    _s("برلمان فانتري يقرّ الموازنة بعد ليلة من النقاش", "سياسة", "bulletin"),
    _s("باحثون يعثرون على خنفساء ظُنّ أنها انقرضت في جبل كولدهارو", "علوم"),
    _s("كأس الميناء: فانتري روفرز يواجه ليسان يونايتد يوم الأحد", "رياضة"),
    _s("عودة الكهرباء إلى شمال أفيرين بعد ثلاث ساعات", "العالم",
       then="عودة الكهرباء إلى أفيرين كلها بعد ثلاث ساعات"),
    _s("مدارس وادي تمرين تجرّب بدء الدوام في ساعة متأخرة", "تعليم"),
    _s("رواية تيو ماراك تفوز بجائزة الفانوس", "ثقافة"),
)  # fmt: skip

SPANISH = (
    _s("Puerto Averín reabre a los transbordadores tras dos días de temporal", "Transporte"),
    _s("El banco central de Corvalia mantiene el tipo de interés en el 3,25 %", "Economía", "bulletin"),
    _s("Mara Ovell, elegida presidenta de Corvalia en segunda vuelta", "Política", "flash",
       then="Mara Ovell, elegida presidenta de Corvalia con el 52,4 % de los votos"),
    _s("Los trenes nocturnos entre Vantria y el lago Sorrel vuelven en primavera", "Transporte"),
    _s("Rescatados sanos y salvos los 14 excursionistas del monte Coldarro", "Mundo", "urgent"),
    _s("El ayuntamiento de Averín vota por mantener abierta la antigua lonja", "Política"),
    _s("El Lisán llega a la final de la Copa del Puerto en la prórroga", "Deportes",
       then="El Lisán llega a la final de la Copa del Puerto al ganar 3-2 en la prórroga"),
    _s("Un temblor de magnitud 4,1 sacude el valle de Tamrín sin daños conocidos", "Mundo", "urgent"),
    _s("El museo de Vantria expone por primera vez las cartas del pintor del faro", "Cultura"),
    _s("Averín celebra su mejor cosecha de aceituna en once años", "Economía"),
    _s("El agua vuelve a ser potable en todos los barrios de Vantria", "Salud", "bulletin"),
    _s("Corvalia y las islas Merrow firman un acuerdo de pesca", "Mundo",
       then="Corvalia y las islas Merrow firman un acuerdo de pesca por seis años",
       note="Una versión anterior decía que el acuerdo dura diez años; dura seis."),
    _s("El observatorio del lago Sorrel avista un cometa de dos colas", "Ciencia"),
    _s("Controlado el incendio de un almacén de papel en Vantria", "Mundo", "urgent",
       then="Extinguido sin heridos el incendio de un almacén de papel en Vantria"),
    _s("Los maestros del valle de Tamrín ponen fin a la huelga", "Política", "bulletin"),
    _s("Sin confirmar: cerrado el aeropuerto de Averín, aviso número {cycle}", "Transporte", "urgent",
       kill="El aeropuerto estuvo abierto todo el día; el aviso era falso."),
    _s("Ana Brannick bate el récord nacional de los 800 metros", "Deportes"),
    _s("Los tranvías de Averín serán gratuitos este fin de semana", "Transporte", life=180),
    _s("El paro baja al 5,8 % en Corvalia", "Economía", "bulletin", embargo=60),
    _s("Un coro de 900 voces abre el festival de verano del lago Sorrel", "Cultura"),
    _s("La guardia costera remolca el carguero Anouk hasta el puerto de Merrow", "Mundo"),
    _s("Los primeros coches cruzan el nuevo puente sobre el Lisán", "Transporte"),
    _s("La nueva unidad de quemados de Vantria atiende a sus primeros pacientes", "Salud"),
    _s("Aviso de tormenta en la costa entre Averín y Merrow", "Tiempo", "urgent", life=240),
    _s("El parlamento de Vantria aprueba los presupuestos tras una noche de debate", "Política", "bulletin"),
    _s("Hallan en el monte Coldarro un escarabajo que se daba por extinguido", "Ciencia"),
    _s("Copa del Puerto: el Vantria jugará contra el Lisán el domingo", "Deportes"),
    _s("Vuelve la luz al norte de Averín después de tres horas", "Mundo",
       then="Vuelve la luz a toda Averín después de tres horas"),
    _s("Las escuelas del valle de Tamrín prueban a empezar más tarde", "Educación"),
    _s("La novela de Teo Marrack gana el Premio Linterna", "Cultura"),
)  # fmt: skip
