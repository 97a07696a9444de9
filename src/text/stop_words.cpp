#include "text/stop_words.h"

#include <cstddef>

namespace docupilot::inline v1::text {

namespace {

// In the order of stop_word_languages; each list ends with a space.
constexpr std::array<std::string_view, stop_word_languages.size()> lists = {
    "a about above after again against all also am an and any are aren't as at be because been before being below "
    "between both but by can can't cannot could did didn't do does doesn't doing don't down during each either else "
    "even ever every few first for from further get got had has have having he her here hers herself him himself his "
    "how however i if in instead into is isn't it it's its itself just last let like made make many may me might more "
    "most much must my myself never no nor not now of off often on once one only or other others our ours out over "
    "own per perhaps rather same shall she should since so some still such than that that's the their theirs them "
    "themselves then there there's therefore these they this those though through thus to too two under until up "
    "upon us use used uses using very was way we well were what when where whether which while who whom whose why "
    "will with within without would yes yet you your yours yourself ",
    "aber alle allem allen aller alles als also am an ander andere anderen anderer auch auf aus bei beim bis bin bist "
    "da dabei damit dann daran darauf daraus das dass dazu dein dem den denn der des dessen deren desto dich die dies "
    "diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines er es etwas euch euer "
    "für gegen gibt hab habe haben hat hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in "
    "indem ins ist jede jedem jeden jeder jedes jedoch jetzt kann kein keine keinem keinen keiner können könnte man "
    "manche mehr mein meine mich mir mit muss müssen nach nicht nichts noch nun nur ob oder ohne sehr sein seine "
    "seinem "
    "seinen seiner seit selbst sich sie sind so solche soll sollte sondern sonst über um und uns unser unter viel vom "
    "von vor während war waren was weg weil weiter welche welcher wenn wer werde werden wie wieder will wir wird wo "
    "wollen worden wurde wurden zu zum zur zwar zwischen ",
    "à afin ai ainsi alors après as assez au aucun aucune aujourd'hui auquel aussi autre autres aux avait avant avec "
    "avoir c'est car ce ceci cela celle celles celui cependant ces cet cette ceux chaque chez ci comme comment d'un "
    "d'une dans de depuis des deux doit donc dont du elle elles en encore entre est et était été être eu eux fait fois "
    "font il ils j'ai je jusque l'on la laquelle le lequel les leur leurs lors lorsque lui là ma mais me mes moi moins "
    "mon même mêmes n'a n'est ne ni nos notre nous on ont or ou où par parce pas pendant peu peut peuvent plus "
    "plusieurs "
    "pour pourquoi puis qu'elle qu'il qu'ils qu'on qu'un qu'une quand que quel quelle quelles quels qui quoi s'il sa "
    "sans se selon sera ses si son sont sous sur ta te tes toi ton tous tout toute toutes très tu un une vers vos "
    "votre "
    "vous y ",
    "a al algo algunas algunos ante antes aquel aquella aquellos así aun aunque bien cada como con contra cual cuales "
    "cuando cuyo de del desde donde dos durante e el ella ellas ellos en entre era eran eres es esa esas ese eso esos "
    "está están estaba estar este esta esto estos estas fue fueron ha había han hasta hay he incluso la las le les lo "
    "los más me mediante menos mi mientras mis mismo misma muchos mucho muy nada ni no nos nosotros nuestra nuestro o "
    "otra otras otro otros para pero poco por porque pues puede pueden que qué quien quienes se sea según ser será si "
    "sido sin sino sobre solo sólo son soy su sus también tan tanto te tener tiene tienen toda todas todo todos tras "
    "tu "
    "tus un una unas uno unos y ya yo ",
    "a abbiamo ad agli ai al alcuni alla alle allo allora altri altro anche ancora avere aveva bene c'è che chi ci ciò "
    "coi col come con contro cosa così cui da dagli dai dal dalla dalle dei del della delle dello degli di dopo dove "
    "due durante e è ed era erano essere fa fino fra fu gli ha hanno ho i il in infatti io l'ha la le lei li lo loro "
    "lui ma me mentre mi mia mio molti molto ne negli nei nel nella nelle nello no noi non nostra nostro o ogni oltre "
    "per perché però più poi possono prima può qual quale quali quando quanto quella quelle quelli quello questa "
    "queste "
    "questi questo qui quindi sarà se sei senza si sia sono sotto sta stata stati stato su sua sue sugli sui sul sulla "
    "sulle suo suoi tra tu tutta tutte tutti tutto un una uno verso viene vi voi ",
    "a à ainda algum alguma além antes ao aos apenas aquela aquele aqueles as às assim até cada com como contra da das "
    "de dela dele deles depois desde dessa desse desta deste do dois dos durante e é ela elas ele eles em entre era "
    "eram essa essas esse esses esta está estão estas estava este estes eu foi foram há isso isto já lhe mais mas me "
    "mesma mesmo meu minha muito muitos na nas nem nessa nesse nesta neste no nos nós nossa nosso num numa não o onde "
    "os ou outra outras outro outros para pela pelas pelo pelos pode podem por porque porém pouco qual quando quanto "
    "que quem se seja sem sempre ser será seu seus sido sob sobre sua suas só são também tão tem têm tinha toda todas "
    "todo todos tu um uma uns você vocês ",
    "aan af al alle alleen als altijd ander andere bij binnen daar daarom dan dat de deze die dit doch doen door dus "
    "een "
    "eens en er ge geen geweest gewoon haar had hebben heeft hem het hier hij hoe hun iedere ieder iets ik in is ja je "
    "kan kon kunnen maar me meer men met mij mijn moet moeten na naar niet niets nog nu of om omdat onder ons ook op "
    "over reeds samen steeds te tegen toch toen tot tussen u uit uw van veel voor vooral waar waren was wat we wel "
    "werd "
    "werden wezen wie wij wil word worden wordt zal ze zelf zich zij zijn zo zoals zonder zou zowel zullen ",
    "alla allt än än andra annat att av bara blev bli blir både de dem den denna deras dess dessa det detta dig din du "
    "där då efter eftersom ej eller en enligt ett finns från för först genom göra ha hade han hans har henne hennes "
    "hon "
    "honom hur här i icke in ingen inom inte ja jag kan kunde kommer man med medan mellan men mer mest mig min mot "
    "mycket måste ni nu någon något några när nästan och också olika om oss på redan sedan sig sin sina sitt själv ska "
    "skulle så sådan samt som till tills två under upp ut utan vad var vara varje varit vars vem vi vid vilka vilken "
    "vilket vill åt är även över ",
    "а без более больше будет будто бы был была были было быть в вам вас вдруг ведь во вот впрочем все всегда всего "
    "всей всех всю вы где да даже два для до другой других его ее если есть еще её ещё ж же за зачем здесь и из или им "
    "иногда их к как какая какой когда конечно которая которого которое которой которую которые который которых кто "
    "куда ли лишь лучше между меня мне много может можно мой моя мы на над надо нас наш не него нее ней нельзя нет "
    "нибудь никогда ним них ничего но ну о об однако один она они оно опять от очень перед по под пока после потом "
    "потому почти при про раз с сам свое своей свои своих свою себе себя сейчас со совсем так также такие такой там "
    "тебя тем теперь то тогда того тоже той только том тот три ты у уж уже хорошо хоть чего чем через что чтобы эта "
    "эти "
    "этих это этого этой этом этот эту я являются является ",
    "acaba ama ancak artık aslında az bana bazı belki ben benim beri bile bir biraz birçok biri birkaç birlikte biz "
    "bize bizim böyle bu buna bunda bundan bunlar bunu bunun burada çok çünkü da daha dahi de değil değildir diğer "
    "diye "
    "dolayı edilen eden eder en fakat gibi göre hâlâ hangi hatta hem henüz hep hepsi her herhangi hiç için ile ilgili "
    "ise işte itibaren kadar karşı kendi kendine ki kim kimse mi mı mu mü nasıl ne neden nedenle nerede niye o olan "
    "olarak oldu olduğu olduğunu olması olmak olup olur on ona ondan onlar onların onu onun öyle oysa pek rağmen "
    "sadece "
    "sanki sen siz sonra şey şu tarafından tüm üzere var ve veya ya yani yerine yine yok zaten ",
};

struct Slot {
  std::uint8_t list = 0;
  std::uint8_t size = 0;  // 0: free
  std::uint16_t begin = 0;
  std::uint16_t languages = 0;
};

constexpr std::size_t slot_count = 4096;

constexpr std::size_t slot_of(std::string_view word) noexcept {
  std::uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return (hash ^ hash >> 15U) % slot_count;
}

constexpr std::string_view word_in(const Slot& slot) noexcept { return lists[slot.list].substr(slot.begin, slot.size); }

constexpr std::array<Slot, slot_count> make_table() {
  std::array<Slot, slot_count> table{};
  for (std::size_t language = 0; language < lists.size(); ++language) {
    const std::string_view list = lists[language];
    for (std::size_t begin = 0, end = 0; begin < list.size(); begin = end + 1) {
      end = list.find(' ', begin);
      const std::string_view word = list.substr(begin, end - begin);
      std::size_t i = slot_of(word);
      while (table[i].size != 0 && word_in(table[i]) != word) i = (i + 1) % slot_count;
      const auto languages = static_cast<std::uint16_t>(table[i].languages | 1U << language);
      if (table[i].size == 0) {
        table[i] = {static_cast<std::uint8_t>(language), static_cast<std::uint8_t>(word.size()),
                    static_cast<std::uint16_t>(begin), 0};
      }
      table[i].languages = languages;
    }
  }
  return table;
}

}  // namespace

std::uint16_t stop_word_in(std::string_view word) noexcept {
  static constexpr auto table = make_table();
  if (word.empty()) return 0;
  for (std::size_t i = slot_of(word); table[i].size != 0; i = (i + 1) % slot_count) {
    if (word_in(table[i]) == word) return table[i].languages;
  }
  return 0;
}

}  // namespace docupilot::inline v1::text
