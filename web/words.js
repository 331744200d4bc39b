// What the page says, by the language of the channel.

export const WORDS = {
  en: {
    flash: "Flash", urgent: "Urgent", bulletin: "Bulletin",
    pause: "Pause", fresh: (n) => `${n} new`, all: (n) => `Show all ${n}`, fewer: "Show fewer",
    quiet: "No headlines right now", many: (n) => `${n} headlines`, arrived: (n) => `${n} new headlines`,
    updated: "Updated", correction: "Correction", withdrawn: "A headline was withdrawn",
    live: "Live", connecting: "Connecting", stale: "Delayed", offline: "Offline", stopped: "Stopped",
    since: (time) => `last update ${time}`,
  },
  es: {
    flash: "Última hora", urgent: "Urgente", bulletin: "Boletín",
    pause: "Pausa", fresh: (n) => `${n} más`, all: (n) => `Ver los ${n}`, fewer: "Ver menos",
    quiet: "No hay titulares en este momento", many: (n) => `Titulares: ${n}`, arrived: (n) => `${n} titulares nuevos`,
    updated: "Actualizado", correction: "Corrección", withdrawn: "Se ha retirado un titular",
    live: "En directo", connecting: "Conectando", stale: "Con retraso", offline: "Sin conexión", stopped: "Detenido",
    since: (time) => `última actualización ${time}`,
  },
  ar: {
    flash: "عاجل", urgent: "هام", bulletin: "نشرة",
    pause: "إيقاف مؤقت", fresh: (n) => `جديد: ${n}`, all: (n) => `عرض الكل (${n})`, fewer: "عرض أقل",
    quiet: "لا توجد عناوين في الوقت الحالي", many: (n) => `عدد العناوين: ${n}`, arrived: (n) => `عناوين جديدة: ${n}`,
    updated: "تحديث", correction: "تصحيح", withdrawn: "سُحب أحد العناوين",
    live: "مباشر", connecting: "جارٍ الاتصال", stale: "متأخر", offline: "غير متصل", stopped: "متوقف",
    since: (time) => `آخر تحديث ${time}`,
  },
};
