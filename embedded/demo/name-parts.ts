/**
 * The parts that invented people and schools are named from: a character and its pinyin. Whole names are put
 * together at random; nobody real is meant.
 */
export type NamePart = readonly [text: string, pinyin: string];

function parts(text: string): readonly NamePart[] {
  return text
    .trim()
    .split(/\s+/)
    .map((entry) => {
      const [chinese = "", pinyin = ""] = entry.split(":");
      return [chinese, pinyin] as const;
    });
}

export const surnames = parts(`
  赵:zhao 钱:qian 孙:sun 李:li 周:zhou 吴:wu 郑:zheng 王:wang 冯:feng 陈:chen 卫:wei 蒋:jiang 沈:shen 韩:han 杨:yang
  朱:zhu 秦:qin 许:xu 何:he 吕:lü 施:shi 张:zhang 孔:kong 曹:cao 严:yan 金:jin 魏:wei 陶:tao 姜:jiang 谢:xie 邹:zou
  窦:dou 章:zhang 潘:pan 葛:ge 范:fan 彭:peng 鲁:lu 马:ma 方:fang 任:ren 袁:yuan 柳:liu 史:shi 唐:tang 费:fei 薛:xue
  雷:lei 贺:he 倪:ni 汤:tang 罗:luo 郝:hao 安:an 常:chang 于:yu 傅:fu 齐:qi 康:kang 余:yu 顾:gu 孟:meng 黄:huang
  萧:xiao 尹:yin 姚:yao 邵:shao 汪:wang 毛:mao 戴:dai 宋:song 庞:pang 熊:xiong 纪:ji 舒:shu 项:xiang 祝:zhu 董:dong
  梁:liang 杜:du 阮:ruan 蓝:lan 席:xi 季:ji 贾:jia 路:lu 江:jiang 童:tong 郭:guo 梅:mei 林:lin 钟:zhong 徐:xu 邱:qiu
  欧阳:ouyang 上官:shangguan 诸葛:zhuge 司徒:situ
`);

export const givenParts = parts(`
  子:zi 雨:yu 梓:zi 浩:hao 宇:yu 欣:xin 怡:yi 佳:jia 俊:jun 杰:jie 思:si 涵:han 诗:shi 琪:qi 博:bo 文:wen 天:tian
  佑:you 可:ke 馨:xin 明:ming 轩:xuan 嘉:jia 懿:yi 煜:yu 城:cheng 立:li 果:guo 苑:yuan 远:yuan 航:hang 晓:xiao
  东:dong 若:ruo 曦:xi 睿:rui 志:zhi 强:qiang 国:guo 安:an 静:jing 雅:ya 倩:qian 丽:li 娜:na 芳:fang 敏:min 磊:lei
  洋:yang 勇:yong 艳:yan 娟:juan 涛:tao 超:chao 霞:xia 平:ping 刚:gang 桂:gui 英:ying 华:hua 玉:yu 兰:lan 萍:ping
  鹏:peng 辉:hui 凯:kai 健:jian 亮:liang 政:zheng 谦:qian 亨:heng 奇:qi 固:gu 翰:han 朗:lang 伯:bo 宏:hong 言:yan
  鸣:ming 朋:peng 斌:bin 梁:liang 栋:dong 维:wei 启:qi 克:ke 伦:lun 翔:xiang 旭:xu 鹭:lu 云:yun 莲:lian 真:zhen
  环:huan 雪:xue 荣:rong 爱:ai 妹:mei 香:xiang 月:yue 莺:ying 媛:yuan 瑞:rui 凡:fan 珊:shan 莎:sha 锦:jin 黛:dai
  青:qing 婷:ting 姣:jiao 婉:wan 娴:xian 瑾:jin 颖:ying 露:lu 瑶:yao 婵:chan 雁:yan 蓓:bei 纨:wan 仪:yi 荷:he
  丹:dan 蓉:rong 眉:mei 君:jun 琴:qin 蕊:rui 薇:wei 菁:jing 梦:meng 岚:lan 苗:miao 婕:jie 韵:yun 融:rong 园:yuan
`);

/** Rare characters: beyond the basic plane (four bytes in UTF-8) or in its extension A. They break GBK and half-read UTF-16. */
export const rareParts = parts(`𠮷:ji 㐀:qiu 𬀩:wei 𣲘:wu 𫟼:da 𬭎:hong 䶮:yan 㛃:jie 𡐓:kun 㴔:xun`);

/** Minority names are written with an interpunct between given name and father's name. */
export const minorityFirst = parts(`
  阿丽亚:aliya 巴图:batu 古丽娜:gulina 其其格:qiqige 哈斯:hasi 艾孜:aizi 迪丽:dili 扎西:zhaxi 卓玛:zhuoma 米热:mire
`);
export const minoritySecond = parts(`
  买提:maiti 吐逊:tuxun 卡德:kade 孟和:menghe 达娃:dawa 依明:yiming 赛力:saili 才让:cairang 萨比:sabi 乌云:wuyun
`);

/** Words for invented schools, streets, villages and employers. */
export const placeWords = `
  望湖 青溪 石榴 竹映 晨岭 云麓 芦花 枫桥畔 白鹭洲 梧桐里 稻香 杏林 莲塘 柳荫 松涛 荷风 桂影 兰溪口 丹霞岭 星河湾
  碧波 橘洲 银杏 紫藤 晓月 长虹 听泉 鹿鸣 麦浪 茶山 雨巷 槐荫 棠梨 菱湖 苇岸 沙洲 梅岭 乌桕 翠屏 金穗
`
  .trim()
  .split(/\s+/);

export const talents = ["书法", "围棋", "剪纸", "长跑", "二胡", "编程", "黄梅戏", "篮球"] as const;
export const employers = [
  "务农",
  "个体经营",
  "外出务工",
  "商贸公司",
  "机械厂",
  "医院",
  "运输公司",
  "食品厂",
] as const;
export const jobTitles = ["职员", "工人", "经理", "司机", "护士", "技术员"] as const;
